import { runCases } from "../run.ts";
import { cases as answers } from "./answers.ts";
import { absent, dnsmasqCases } from "./dnsmasq.ts";
import { cases as https } from "./https.ts";
import { cases as lies } from "./lies.ts";
import { cases as limits } from "./limits.ts";

const dnsmasq = dnsmasqCases();
if (dnsmasq === undefined) console.log(absent);
await runCases({ ...answers, ...limits, ...lies, ...https, ...dnsmasq });
