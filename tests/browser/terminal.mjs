// The README's picture of a reviewer's terminal, from the real output of the demo.
//   node tests/browser/terminal.mjs docs/pictures/reviewer.png
// Needs what tests/install brings, and tmux: the commands run in a terminal of 110 columns, as they
// would before a person. SANDYK names another binary than target/debug/sandyk.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
const COLUMNS = 110;
const LINES = 200;
/** Lines that the picture shows at most. */
const MOST = 60;
const READER = "readers/reviewer-1";
const FOLDERS = `--workspace ${READER}/workspace --keys ${READER}/keys --passphrase-file ${READER}/passphrase.txt`;

const picture = process.argv[2];
if (!picture) {
  console.error("name the picture to write: node tests/browser/terminal.mjs FILE.png");
  process.exit(2);
}
const sandyk = resolve(process.env.SANDYK ?? "target/debug/sandyk");
const folder = await mkdtemp(join(tmpdir(), "sandyk-terminal-"));
const tmux = (...words) => run("tmux", ["-S", join(folder, "socket"), ...words]);

/** Types one command and gives what then stands on the screen, colours included. */
async function typed(command) {
  await tmux("send-keys", "-t", "reviewer", `clear; ${command}; tmux wait-for -S done`, "Enter");
  await tmux("wait-for", "done");
  await pause(300);
  const { stdout } = await tmux("capture-pane", "-e", "-p", "-J", "-t", "reviewer");
  const lines = stdout.replace(/\u001b\[[0-9;]*m/g, "").split("\n");
  const shown = lines.slice(lines.findIndex((line) => line.trim()));
  while (shown.length && /^\s*(\$\s*)?$/.test(shown.at(-1))) shown.pop();
  return shown.map((line) => line.trimEnd()).join("\n");
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

try {
  await run(sandyk, ["demo", "--once", "--folder", join(folder, "demo"), "--intake", "127.0.0.1:8460", "--desk", "127.0.0.1:8461"]);
  const { stdout } = await run(sandyk, ["review", "list", "--json", ...FOLDERS.split(" ")], { cwd: join(folder, "demo") });
  const urgent = JSON.parse(stdout)[0].id.slice(0, 8);
  await tmux("new-session", "-d", "-s", "reviewer", "-x", String(COLUMNS), "-y", String(LINES), "-c", join(folder, "demo"), "env PS1= bash --norc --noprofile");
  const shown = [];
  for (const words of ["list", `show ${urgent}`]) {
    // The folders are the demo's; a reviewer names them once, in reviewer.toml.
    shown.push(`$ sandyk review ${words}\n${await typed(`${sandyk} review ${words} ${FOLDERS}`)}`);
  }
  const cut = shown.join("\n\n").split("\n").slice(0, MOST).join("\n");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-lcd-text"] });
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  await page.setContent(`<style>body{margin:0;background:#16181d}pre{margin:0;padding:14px;display:inline-block;color:#d8dce3;font:13px/1.25 "DejaVu Sans Mono",monospace}</style><pre>${escaped(cut)}</pre>`);
  await page.locator("pre").screenshot({ path: picture });
  await browser.close();
} finally {
  await tmux("kill-server").catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
