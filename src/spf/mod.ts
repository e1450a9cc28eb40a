/** SPF (RFC 7208): may this client send for this domain? */
export { checkHost } from "./check.ts";
export type { SpfQuestion, SpfResult, SpfVerdict } from "./check.ts";
export type { SpfLimits } from "./lookup.ts";
export { parseRecord, selectRecords } from "./record.ts";
export type { Directive, Mechanism, Qualifier, SpfRecord, SyntaxProblem } from "./record.ts";
export type { Macro, MacroLetter, MacroString } from "./macro.ts";
export { receivedSpf } from "./received.ts";
