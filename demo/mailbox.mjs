// A mailbox: takes what is sent to it by SMTP on loopback, and keeps each message as a file that mail programs open.

import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

/** Starts it on a free port; `onMail(subject, file)` hears of each message. Answers with the port. */
export async function startMailbox(directory, onMail) {
  let nMails = 0;
  const server = createServer(socket => {
    let text = "";
    let message = null;
    const say = line => socket.write(`${line}\r\n`);
    say("220 mailbox");
    socket.on("error", () => {});
    socket.on("data", data => {
      text += data;
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (message === null) answer(line);
        else if (line === ".") keep();
        else message.push(line.startsWith("..") ? line.slice(1) : line);
      }
    });
    const answer = line => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "EHLO") say("250 mailbox");
      else if (verb === "DATA") {
        message = [];
        say("354 go on");
      } else if (verb === "QUIT") {
        say("221 bye");
        socket.end();
      } else say("250 ok");
    };
    const keep = async () => {
      const mail = message.join("\r\n");
      message = null;
      nMails += 1;
      const file = join(directory, `mail-${nMails}.eml`);
      await writeFile(file, mail);
      say("250 kept");
      onMail(subjectOf(mail), file);
    };
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

/** The subject, its lines joined and its encoded words read. */
function subjectOf(mail) {
  const head = mail.slice(0, mail.indexOf("\r\n\r\n")).replace(/\r\n[ \t]+/g, " ");
  const subject = /^subject: (.*)$/im.exec(head)?.[1] ?? "";
  return subject
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, base64) => Buffer.from(base64, "base64").toString());
}
