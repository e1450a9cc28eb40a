import { runCases } from "../run.ts";
import { absent, spfCases } from "./suite.ts";

const cases = spfCases();
if (cases === undefined) console.log(absent);
else await runCases(cases);
