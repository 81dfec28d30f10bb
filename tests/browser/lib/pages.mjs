// The way to every page of the site, in one language, from real servers.
import { connect } from "node:net";
import { request } from "node:http";

const BOUNDARY = "sandyk-browser-tests";

/** One part of a form; a file if it has a file name. */
export const part = (name, value, file) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"` : ""}\r\n\r\n${value}\r\n`;

/** Sends a form as a browser would and gives where its answer stands. */
export const send = (site, tag, parts, how) => post(site, `/${tag}/send`, parts, how);

/** The same to any address. */
export function post(site, path, parts, { whole = true } = {}) {
  const body = Buffer.from(parts.join("") + (whole ? `--${BOUNDARY}--\r\n` : ""));
  return new Promise((resolve, reject) => {
    const asked = request(`${site}${path}`, { method: "POST", headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}`, "content-length": body.length } }, (answer) => {
      answer.resume();
      if (answer.statusCode === 303) resolve(answer.headers.location);
      else reject(new Error(`a form was answered with ${answer.statusCode}`));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** The code on a receipt page: its digits, and its words where the page has them. */
export async function receiptOf(url) {
  const page = await (await fetch(url)).text();
  const code = page.match(/<p class="k">(.*?)<\/p>/)[1].replace(/\D/g, "");
  const words = page.match(/<ol class="w">(.*?)<\/ol>/)?.[1].match(/[^<>]+(?=<\/li>)/g);
  return { code, words };
}

/** Every page of the way back. */
async function pagesBack({ open, small }, tag) {
  const enter = (typed) => post(open.site, `/${tag}/mailbox`, [part("receipt", typed)]);
  const box = open.site + (await enter("000 102 030 405 060 708 090 102 186"));
  const pages = [
    { name: "enter", url: `${open.site}/${tag}/mailbox`, status: 200 },
    { name: "mistyped", url: open.site + (await enter("0123 <b>")), status: 200 },
    { name: "meant, digits", url: open.site + (await enter("000 102 030 405 060 708 090 102 816")), status: 200 },
    { name: "meant, words", url: open.site + (await enter("giggle ability trust artwork edge topic burst blade")), status: 200 },
    { name: "mailbox", url: box, status: 200 },
    { name: "receipt, code known", url: open.site + (await send(open.site, tag, [part("story", "x"), part("receipt", "000102030405060708090102186")])), status: 200 },
    { name: "again, code", url: small.site + (await send(small.site, tag, [part("story", "x"), part("receipt", "000102030405060708090102816")])), status: 200 },
  ];
  for (const place of ["write", "correct", "consent", "withdraw"]) pages.push({ name: place, url: `${box}/${place}`, status: 200 });
  const refused = await post(open.site, `${new URL(box).pathname}/correct`, [part("story", " "), part("freely", "maybe")]);
  pages.push({ name: "correct, refused", url: open.site + refused, status: 200 });
  return pages;
}

/** Every page that a witness can meet in one language: name, address, status. */
export async function everyPage({ open, small, shut }, tag) {
  const story = part("story", "Кечинде эки киши келди. <b>Invented</b>.");
  const once = async (site, ...parts) => site + (await send(site, tag, parts));
  const long = "Узунсөз".repeat(60);
  const refill = [
    ["empty", part("box", "harm-death")],
    ["long story", part("story", "Өтө узун. ".repeat(16_000))],
    ["long line", story + part("condition", long.repeat(4))],
    ["unknown answer", story + part("exam-paper", "no-such")],
    ["repeated", story + part("when", "2024") + part("when", "2025")],
    ["unknown field", story + part("no-such-field", "x")],
  ];
  const pages = [
    { name: "form", url: `${open.site}/${tag}`, status: 200 },
    { name: "leave", url: `${open.site}/${tag}/leave`, status: 200 },
    { name: "about", url: `${small.site}/${tag}/about`, status: 200 },
    { name: "gone", url: `${open.site}/${tag}/once/${"A".repeat(43)}`, status: 404 },
    { name: "missing", url: `${small.site}/${tag}/nowhere`, status: 404 },
    { name: "method", url: `${small.site}/${tag}/send`, status: 405 },
    { name: "receipt", url: await once(open.site, story), status: 200 },
    { name: "receipt, files lost", url: await once(small.site, story, part("file", "x".repeat(1_100_000), `${long}.jpg`), part("file", "y", "Сүрөт 2.jpg"), part("file", "z", "3.pdf")), status: 200 },
    { name: "lost", url: await once(small.site, story, part("file", "x", "a.jpg"), part("when", "2024")), status: 200 },
    { name: "closed", url: await once(shut.site, story), status: 200 },
  ];
  pages.push(...(await pagesBack({ open, small }, tag)));
  for (const [name, parts] of refill) pages.push({ name: `again, ${name}`, url: await once(small.site, parts), status: 200 });
  return pages;
}

/** The pages that are the same in every language. */
export const commonPages = ({ open, shut }) => [
  { name: "languages", url: `${open.site}/`, status: 200 },
  { name: "no such language", url: `${open.site}/de`, status: 404 },
  { name: "offline", url: `${shut.site}/`, status: 503 },
];

/** A server that sends large pages to readers who do not read is busy for everybody else. */
export async function makeBusy(server, tag) {
  // Drawn, each of these is five characters: more than the kernel holds for a reader who does not read.
  const large = await send(server.site, tag, [part("story", "&".repeat(1_900_000))]);
  const lines = [];
  for (let n = 0; n < 8; n += 1) {
    const line = connect(server.port, "127.0.0.1");
    line.on("error", () => undefined);
    line.write(`GET ${large} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => line.once("readable", resolve));
    lines.push(line);
  }
  return { page: { name: "busy", url: server.site + large, status: 503 }, free: () => lines.forEach((line) => line.destroy()) };
}
