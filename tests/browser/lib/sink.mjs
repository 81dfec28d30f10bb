// The proxy that browsers are given: it passes nothing on, and remembers what was asked for elsewhere.
// What browsers ask their own makers, though told not to, is refused like the rest, but is no fault of ours.
import { createServer } from "node:net";

const MAKERS = /^\w+ (https?:\/\/)?([\w-]+\.)*(google|googleapis|gstatic|gvt1|mozilla|firefox|mozaws|mozgcp)\.(com|net|org)[:/]/;

export class Sink {
  #server;
  #asked = [];

  static async open() {
    const sink = new Sink();
    sink.#server = createServer((line) => {
      line.on("error", () => undefined);
      line.once("data", (bytes) => {
        sink.#asked.push(bytes.toString("latin1").split("\r\n", 1)[0]);
        line.destroy();
      });
    });
    await new Promise((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    sink.port = sink.#server.address().port;
    return sink;
  }

  /** What was asked for, but for the makers' own. */
  async close() {
    this.#server.close();
    return this.#asked.filter((line) => !MAKERS.test(line));
  }
}
