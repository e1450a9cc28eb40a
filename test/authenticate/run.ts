import { runCases } from "../run.ts";
import { hostileCases } from "./hostile.ts";
import { absent, arcCases, exampleCases } from "./suite.ts";

const cases = arcCases();
if (cases === undefined) console.log(absent);
await runCases({ ...exampleCases, ...hostileCases, ...cases });
