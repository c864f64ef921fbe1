import { test } from "node:test";
import assert from "node:assert/strict";
import { markdownFiles } from "./markdown.ts";
import { ROOT } from "./module_graph.ts";

const documents = await markdownFiles();
const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));

for (const { path, text } of documents) {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => link ?? []);

  for (const link of links.filter((link) => !/^[a-z]+:/.test(link))) {
    test(`${path}: the link ${link} leads to something`, async () => {
      const target = new URL(link, new URL(path, ROOT));
      const { isFile } = await Deno.stat(new URL(target.pathname, target));
      if (target.hash === "" || !isFile) return;
      const anchors = anchorsOf(await Deno.readTextFile(new URL(target.pathname, target)));
      assert.ok(
        anchors.includes(target.hash.slice(1)),
        `there is no such heading; there are ${anchors.join(", ")}`,
      );
    });
  }

  test(`${path} names only tasks that there are`, () => {
    const named = [...text.matchAll(/deno(?:@[\d.]+)? task ([a-z][a-z:]*)/g)].flatMap(([, task]) =>
      task ?? []
    );
    assert.deepEqual(named.filter((task) => !(task in tasks)), []);
  });

  test(`${path} holds no path of a machine and no address that only its author can reach`, () => {
    assert.doesNotMatch(text, /\/(home|Users|root|work)\/\w|\blocalhost:\d|\.internal\b|\w\.local\//);
  });
}

/** Headings as GitHub turns them into anchors. */
function anchorsOf(text: string): string[] {
  const headings = [...withoutCode(text).matchAll(/^#+ +(.+)$/gm)].flatMap(([, heading]) => heading ?? []);
  return headings.map((heading) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "");
}
