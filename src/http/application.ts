import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";

export type Answer = (request: Request, response: Response) => void | Promise<void>;

/**
 * An application that answers GET and HEAD of exactly these paths. Nothing is read from a body, a query changes nothing
 * but what a handler looks at, and no path reaches a file.
 * @param onFault told of errors of a handler; the client sees none of it.
 */
export function application(paths: Readonly<Record<string, Answer>>, onFault: (error: unknown) => void): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  app.set("query parser", "simple");
  app.use(headers, withoutBody);
  for (const [path, answer] of Object.entries(paths)) {
    app.get(path, answer);
    app.all(path, (_, response) => refuse(response.set("Allow", "GET, HEAD"), 405, "only GET and HEAD are accepted"));
  }
  app.use((_, response) => refuse(response, 404, `not found; ${Object.keys(paths).join(", ")} are served`));
  app.use(faults(onFault));
  return app;
}

const headers: RequestHandler = (_, response, next) => {
  response.set({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
  next();
};

/** A body is never read: the connection ends with the answer, however much was announced. */
const withoutBody: RequestHandler = (request, response, next) => {
  const announced =
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  if (!announced) return next();
  refuse(response.set("Connection", "close"), 413, "a request without a body is accepted");
};

const faults =
  (onFault: (error: unknown) => void): ErrorRequestHandler =>
  (error: unknown, _request, response, next) => {
    // Express' own refusals (a path that cannot be decoded) carry a status below 500.
    const status = statusOf(error);
    if (status === 500) onFault(error);
    if (response.headersSent) return next(error);
    refuse(response, status, status === 500 ? "internal error" : "bad request");
  };

function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function refuse(response: Response, status: number, text: string): void {
  response.status(status).type("text/plain").send(`${text}\n`);
}
