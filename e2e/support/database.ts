import { randomBytes } from "node:crypto";
import { Client } from "pg";

export type Database = "sqlite" | "postgres";

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) {
    throw new Error(
      "TEST_DATABASE_URL is not set: run `just e2e`, which starts PostgreSQL, or set RINGBACK_E2E_DATABASE=sqlite",
    );
  }
  return url;
}

/** Makes an empty database on the test server and answers its URL. */
export async function createPostgresDatabase(): Promise<string> {
  const name = `ringback_e2e_${randomBytes(8).toString("hex")}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops what {@link createPostgresDatabase} made. */
export async function dropPostgresDatabase(url: string): Promise<void> {
  await onServer(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
}
