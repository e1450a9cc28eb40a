import { runCases } from "../run.ts";
import { cases } from "./cases.ts";

await runCases(cases);
