// Real servers of sandyk: keyring and readers come from one run of the demo, the rest is configured here.
import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { SANDYK, atTheLatest, freePort } from "./machine.mjs";

const run = promisify(execFile);
const BINARY = resolve(SANDYK);
const GUARDIAN = "readers/guardian";

/** One organisation: its readers, and as many servers as journeys need. */
export class House {
  #folder;
  #ports;
  #servers = new Set();

  static async build(folder) {
    const house = new House();
    house.#folder = join(folder, "demo");
    house.#ports = { intake: await freePort(), desk: await freePort() };
    const { intake, desk } = house.#ports;
    await run(BINARY, ["demo", "--once", "--folder", house.#folder, "--intake", `127.0.0.1:${intake}`, "--desk", `127.0.0.1:${desk}`]);
    return house;
  }

  /** The server that the readers of this house fetch from, with the limits of a real one. */
  async open() {
    return this.#start("server/server.toml", this.#ports.intake);
  }

  /** A server beside it. `limits`: lines of its [limits]; `keyring`: false if nothing may be taken in. */
  async beside(name, { limits = "", keyring = true, port } = {}) {
    const own = join(this.#folder, name);
    await mkdir(join(own, "no-keyring"), { recursive: true, mode: 0o700 });
    const place = port ?? (await freePort());
    const lines = [
      `store = "store"`,
      `keyring = "${keyring ? "../server/keyring" : "no-keyring"}"`,
      `roots = "../server/keyring/roots.txt"`,
      `intake.listen = "127.0.0.1:${place}"`,
      `[desk]`,
      `listen = "127.0.0.1:${await freePort()}"`,
      `authorities = ["127.0.0.1:1"]`,
      `[limits]\n${limits}`,
      `[organisation]\nname = "Demo organisation"`,
      ...["safe_contact", "answer_within", "support"].map(about),
    ];
    await writeFile(join(own, "server.toml"), lines.join("\n"));
    await mkdir(join(own, "store"), { recursive: true, mode: 0o700 });
    return this.#start(`${name}/server.toml`, place);
  }

  async #start(config, port) {
    const child = spawn(BINARY, ["serve", "--config", config, "--allow-swap"], { cwd: this.#folder, stdio: ["ignore", "pipe", "pipe"] });
    const server = new Server(child, port);
    this.#servers.add(server);
    await server.up();
    return server;
  }

  /** Every testimony of the open server, as a guardian opens it, with its files taken out. */
  async read() {
    const folders = ["--workspace", `${GUARDIAN}/workspace`];
    const keys = [...folders, "--keys", `${GUARDIAN}/keys`, "--passphrase-file", `${GUARDIAN}/passphrase.txt`];
    const ask = (...words) => run(BINARY, words, { cwd: this.#folder, maxBuffer: 1 << 28 });
    await ask("sync", "--device", `${GUARDIAN}/device`, ...folders);
    const { stdout } = await ask("review", "list", "--json", ...keys);
    const opened = [];
    for (const { id } of JSON.parse(stdout)) {
      const shown = await ask("review", "show", id, "--names", "--json", ...keys);
      const files = async () => {
        const to = join(this.#folder, "taken", id);
        await mkdir(join(this.#folder, "taken"), { recursive: true });
        await ask("review", "exhibits", id, "--to", to, ...keys);
        return { folder: to, files: JSON.parse(await readFile(join(to, "exhibits.json"), "utf8")) };
      };
      opened.push({ id, text: shown.stdout, files });
    }
    return opened;
  }

  /** A guardian answers: to each testimony that has one of the words, what belongs to it. */
  async answer(answers) {
    const folders = ["--workspace", `${GUARDIAN}/workspace`];
    const keys = [...folders, "--keys", `${GUARDIAN}/keys`, "--passphrase-file", `${GUARDIAN}/passphrase.txt`];
    const ask = (...words) => run(BINARY, words, { cwd: this.#folder, maxBuffer: 1 << 28 });
    const sync = () => ask("sync", "--device", `${GUARDIAN}/device`, ...folders);
    await sync();
    const { stdout } = await ask("review", "list", "--json", ...keys);
    for (const { id } of JSON.parse(stdout)) {
      const shown = await ask("review", "show", id, "--json", ...keys);
      const [, words] = answers.find(([word]) => shown.stdout.includes(word)) ?? [];
      if (!words) continue;
      const file = join(this.#folder, "answer.txt");
      await writeFile(file, words);
      await ask("review", "reply", id, "--send", "--message-file", file, ...keys);
    }
    await sync();
  }

  async close() {
    await Promise.all([...this.#servers].map((server) => server.stop()));
  }
}

/** A line of the organisation in every language, so that pages show it. */
const about = (table) => `[organisation.${table}]\n${["ky", "ru", "uz-Cyrl", "uz-Latn", "en"].map((tag) => `${tag} = "Person A, example.org"`).join("\n")}`;

class Server {
  #child;
  #said = "";
  #ended;

  constructor(child, port) {
    this.#child = child;
    this.site = `http://127.0.0.1:${port}`;
    this.port = port;
    const settled = atTheLatest(() => child.kill("SIGKILL"));
    this.#ended = new Promise((resolve) => child.on("close", resolve)).then(settled);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (this.#said += piece));
  }

  /** Waits until both faces listen. */
  async up() {
    const listens = new Promise((resolve) => {
      const look = () => (this.#said.match(/ listens on /g) ?? []).length >= 2 && resolve("up");
      for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on("data", look);
    });
    const late = new Promise((resolve) => setTimeout(resolve, 60_000, "late").unref());
    const how = await Promise.race([listens, this.#ended, late]);
    if (how !== "up") {
      this.#child.kill("SIGKILL");
      throw new Error(`the server did not come up (${how}):\n${this.#said}`);
    }
  }

  async stop() {
    if (this.#child.exitCode === null) this.#child.kill("SIGTERM");
    await this.#ended;
  }
}
