import { expect, it } from "vitest";
import { indentJson } from "./json";

it.each<[string, string]>([
  ['{"a":1,"b":[true,null]}', '{\n  "a": 1,\n  "b": [\n    true,\n    null\n  ]\n}'],
  ['{"a":{},"b":[]}', '{\n  "a": {},\n  "b": []\n}'],
  // Tokens are as they were sent.
  [
    '{"n":12345678901234567890,"s":"\\u003c{,\\"}"}',
    '{\n  "n": 12345678901234567890,\n  "s": "\\u003c{,\\"}"\n}',
  ],
  ['[ 1 , "a" ]\n', '[\n  1,\n  "a"\n]'],
  ['["["]', '[\n  "["\n]'],
  ["{not json", "{not json"],
  ["plain text", "plain text"],
  ["", ""],
])("%s", (text, want) => expect(indentJson(text)).toBe(want));
