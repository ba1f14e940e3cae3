import type { Page } from "./page.ts";

/** Pages of the Journal table. Every read is strongly consistent. */
export interface JournalStore {
  newestPage(workspace: string): Promise<Page | undefined>;
  oldestPage(workspace: string): Promise<Page | undefined>;
  readPage(workspace: string, page: number): Promise<Page | undefined>;
  /** The next existing pages from `page` on, in order. Missing numbers were purged. */
  readPagesFrom(workspace: string, page: number, limit: number): Promise<Page[]>;
  /** Writes the page if its number is free. */
  putPage(page: Page): Promise<"put" | "exists">;
}
