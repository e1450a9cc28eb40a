import { test } from "bun:test";
import { play, RFC_EXAMPLES } from "./rfc-examples.ts";

for (const example of RFC_EXAMPLES) {
  test(`${example.mechanism} goes as in ${example.name}`, () => play(example));
}
