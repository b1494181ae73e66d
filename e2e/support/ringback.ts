import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPostgresDatabase, type Database, dropPostgresDatabase } from "./database";
import { type Delivery, SECRET } from "./signing";

export interface Receipt {
  id: number;
  callback_id: string;
  duplicate: boolean;
}

export interface Summary {
  id: number;
  callback_id: string;
  event_type: string;
  workflow: string | null;
  signature: "valid" | "invalid" | "missing" | "unchecked";
  deliveries: number;
  viewed_at: string | null;
}

/** A running server of its own, with a database of its own. */
export class Ringback {
  /** `http://127.0.0.1:PORT`. */
  url = "";
  /** What `serve` printed for a database without a user. */
  setUpLink: string | undefined;
  private process: ChildProcess | undefined;
  private token: string | undefined;

  private constructor(
    private readonly folder: string,
    private readonly databaseUrl: string,
    private readonly database: Database,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(database: Database, environment: Record<string, string> = {}): Promise<Ringback> {
    const folder = await mkdtemp(join(tmpdir(), "ringback-e2e-"));
    const databaseUrl =
      database === "postgres" ? await createPostgresDatabase() : `sqlite://${join(folder, "ringback.db")}`;
    const ringback = new Ringback(folder, databaseUrl, database, environment);
    try {
      await ringback.serve();
    } catch (error) {
      await ringback.stop();
      throw error;
    }
    return ringback;
  }

  /** Starts `ringback serve` on the same database: the first time, or after {@link halt}. */
  async serve(port = 0): Promise<void> {
    const child = this.spawn(["serve"], { RINGBACK_BIND: `127.0.0.1:${port}` });
    this.process = child;
    this.setUpLink = undefined;
    let out = "";
    let log = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-8000);
    });
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`\`ringback serve\` ${why}; it said:\n${out}${log}`));
      const timer = setTimeout(() => fail("did not listen within 20 s"), 20_000);
      child.once("error", (error) => fail(`could not be started (${error.message})`));
      child.once("exit", (code) => fail(`ended with ${code}`));
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        out += text;
        const listening = /^Ringback listens on (http:\S+)$/m.exec(out);
        const link = /^Set-up link.*: (http:\S+)$/m.exec(out);
        this.setUpLink = link?.[1];
        if (!listening) return;
        this.url = listening[1]!;
        // The link, if there is one, is printed with the address, in one piece.
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Ends the server as an operator does, and leaves the database. */
  async halt(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }

  /** Ends the server and removes everything it had. */
  async stop(): Promise<void> {
    await this.halt();
    if (this.database === "postgres") await dropPostgresDatabase(this.databaseUrl);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs `ringback ARGS…` and answers what it printed. */
  async run(args: string[], input = ""): Promise<string> {
    const child = this.spawn(args);
    // A program that reads nothing may be over before an empty input is shut down in good order.
    if (input) child.stdin!.end(input);
    else child.stdin!.destroy();
    let out = "";
    let log = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (log += text));
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    if (code !== 0) throw new Error(`\`ringback ${args.join(" ")}\` ended with ${code}; it said:\n${out}${log}`);
    return out;
  }

  /** Makes a user who can sign in. */
  async addUser(name: string, password: string, role: "admin" | "viewer" = "admin"): Promise<void> {
    await this.run(["user", "add", name, "--role", role, "--password-stdin"], `${password}\n`);
  }

  /** Runs `ringback send ARGS…` against this server. */
  async send(...args: string[]): Promise<string> {
    return this.run(["send", "--url", `${this.url}/api/webhooks/llm-callback`, ...args]);
  }

  /** Runs a command as a person would paste it into a POSIX shell. */
  async shell(command: string): Promise<void> {
    const child = spawn("sh", ["-c", command], { cwd: this.folder, stdio: "ignore" });
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    if (code !== 0) throw new Error(`the shell ended with ${code}: ${command}`);
  }

  /** Delivers what a test signed itself. */
  async deliver(delivery: Delivery): Promise<Receipt> {
    const answer = await fetch(`${this.url}/api/webhooks/llm-callback`, {
      method: "POST",
      headers: delivery.headers,
      body: new Uint8Array(delivery.body),
    });
    if (answer.status !== 200) throw new Error(`the delivery was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Receipt;
  }

  /** Reads from the admin API with a token, apart from the browser's session. */
  async read<T>(path: string): Promise<T> {
    this.token ??= (await this.run(["token", "create", "--name", "e2e", "--role", "admin"])).trim();
    const answer = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(`GET ${path} was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Every stored callback, newest first. */
  async history(): Promise<Summary[]> {
    const page = await this.read<{ callbacks: Summary[]; before: string | null }>(
      "/api/admin/llm-callbacks/history?limit=200",
    );
    return page.callbacks;
  }

  private spawn(args: string[], environment: Record<string, string> = {}): ChildProcess {
    const program = process.env.RINGBACK_BIN;
    if (!program) throw new Error("RINGBACK_BIN is not set: run `just e2e`, which builds the server");
    return spawn(program, args, {
      cwd: this.folder,
      // Nothing of the developer's own settings.
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        DATABASE_URL: this.databaseUrl,
        LLM_WEBHOOK_SECRET: SECRET,
        // Nothing stands before it that would have to turn elsewhere.
        RINGBACK_DRAIN_SECONDS: "0",
        ...this.environment,
        ...environment,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
  }
}
