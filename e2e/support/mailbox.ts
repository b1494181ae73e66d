import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A receiver of webhooks on this machine. */
export class Mailbox {
  readonly got: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  /** What it answers. */
  status = 200;
  url = "";

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Mailbox> {
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        mailbox.got.push({ headers: request.headers, body });
        response.writeHead(mailbox.status).end();
      });
    });
    const mailbox = new Mailbox(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    mailbox.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    return mailbox;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
