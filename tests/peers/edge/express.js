// Express with helmet, rate-limit, CORS and compression, as their manuals set them up.
import compression from "compression";
import cors from "cors";
import express from "express";
import { rateLimit } from "express-rate-limit";
import helmet from "helmet";
import { answer, key, port } from "./answer.js";

const app = express();
app.use(helmet());
app.use(cors({ origin: ["https://console.example.org"] }));
app.use(compression());
app.use(rateLimit({ windowMs: 60_000, limit: 1e9, standardHeaders: "draft-8", legacyHeaders: false }));
app.get("/", (request, response) => {
  if (request.get("authorization") !== `Bearer ${key}`) {
    response.status(401).json({ title: "unauthenticated" });
    return;
  }
  response.json(answer);
});
app.listen(port, "127.0.0.1");
