// Fastify with helmet, rate-limit, CORS and compression, as their manuals set them up.
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import Fastify from "fastify";
import { answer, key, port } from "./answer.js";

const app = Fastify();
await app.register(helmet);
await app.register(cors, { origin: ["https://console.example.org"] });
await app.register(compress);
await app.register(rateLimit, { max: 1e9, timeWindow: "1 minute" });
app.get("/", async (request, reply) => {
  if (request.headers.authorization !== `Bearer ${key}`) {
    return reply.code(401).send({ title: "unauthenticated" });
  }
  return answer;
});
await app.listen({ port, host: "127.0.0.1" });
