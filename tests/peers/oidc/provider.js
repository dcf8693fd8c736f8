// The certified `oidc-provider` with four clients, at a free port that it prints. Whoever
// `login_hint` names is signed in at once; `deny` is refused.
//
//   node provider.js [CERTIFICATE KEY]

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [certificate, key] = process.argv.slice(2);
const tls = certificate && { cert: readFileSync(certificate), key: readFileSync(key) };
const server = tls ? https.createServer(tls) : http.createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `${tls ? "https" : "http"}://localhost:${server.address().port}`;

const jwk = (kid, kind, options) => {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: "jwk" }), kid, use: "sig" };
};

// Clients are called as their tokens are signed.
const client = (algorithm, more) => ({
  client_id: algorithm,
  redirect_uris: ["http://localhost:9/api/v1/auth/oidc/callback"],
  id_token_signed_response_alg: algorithm,
  ...more,
});

const secret = "a secret: with & signs that have to be encoded";

const provider = new Provider(issuer, {
  clients: [
    client("RS256", { client_secret: secret }),
    client("PS256", { client_secret: secret }),
    client("ES256", { token_endpoint_auth_method: "none" }),
    client("EdDSA", { token_endpoint_auth_method: "none" }),
  ],
  jwks: {
    keys: [
      jwk("rsa", "rsa", { modulusLength: 2048 }),
      jwk("p256", "ec", { namedCurve: "P-256" }),
      jwk("ed25519", "ed25519"),
    ],
  },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  pkce: { methods: ["S256"], required: () => true },
  cookies: { keys: ["the tests' own"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, sub) => ({
    accountId: sub,
    claims: () => ({
      sub,
      email: `${sub}@researchflow.test`,
      email_verified: !sub.startsWith("unverified"),
    }),
  }),
  // Everybody has agreed.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
server.on("request", async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const result =
    params.login_hint === "deny"
      ? { error: "access_denied" }
      : { login: { accountId: params.login_hint } };
  return provider.interactionFinished(request, response, result);
});

console.log(issuer);
