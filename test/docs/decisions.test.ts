import { describe, expect, it } from "vitest";
import { readMarkdown } from "../helpers/markdown.ts";

interface Decision {
  number: number;
  title: string;
  date: string;
  supersededBy: number | undefined;
  replaces: number | undefined;
}

const LINK = String.raw`\[(\d+)\]\(#[^)]+\)`;
const FORM = new RegExp(
  String.raw`^(\d+)\. (.+?)\n\n` +
    String.raw`\*\*Date:\*\* (\d{4}-\d\d-\d\d)\. \*\*Status:\*\* (?:accepted|superseded by ${LINK})\.(?: Replaces ${LINK}\.)?\n\n` +
    String.raw`\*\*Context\.\*\* .+\n\n\*\*Decision\.\*\* .+\n\n\*\*Consequence\.\*\* .+\n*$`,
  "s",
);

const sections = readMarkdown("docs/decisions.md").text.split(/^## /m).slice(1);
const decisions: Decision[] = sections.flatMap((text) => {
  const [, number, title = "", date = "", next, former] = FORM.exec(text) ?? [];
  return number === undefined ? [] : [{ number: Number(number), title, date, ...links(next, former) }];
});

function links(next?: string, former?: string): Pick<Decision, "supersededBy" | "replaces"> {
  return {
    supersededBy: next === undefined ? undefined : Number(next),
    replaces: former === undefined ? undefined : Number(former),
  };
}

describe("docs/decisions.md", () => {
  it("has entries of one form: date, status, context, decision, consequence", () => {
    const titles = sections.map((text) => text.split("\n")[0]);
    expect(decisions.map(({ number, title }) => `${number}. ${title}`)).toEqual(titles);
  });

  it("numbers its entries from 1, the oldest first", () => {
    expect(decisions.map(({ number }) => number)).toEqual(decisions.map((_, index) => index + 1));
    const dates = decisions.map(({ date }) => date);
    expect(dates).toEqual(dates.toSorted());
  });

  it("links each superseded entry and the one that replaced it to each other", () => {
    const superseded = decisions.flatMap(({ number, supersededBy }) =>
      supersededBy === undefined ? [] : [`${number} by ${supersededBy}`],
    );
    const replaced = decisions.flatMap(({ number, replaces }) =>
      replaces === undefined ? [] : [`${replaces} by ${number}`],
    );
    expect(superseded.length).toBeGreaterThan(0);
    expect(superseded.toSorted()).toEqual(replaced.toSorted());
  });
});
