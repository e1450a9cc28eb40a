import { runCases } from "../run.ts";
import { cases } from "./request.ts";

await runCases(cases);
