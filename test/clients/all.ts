/**
 * Every client that hands over one message and ends, for a loop.
 *
 * @module
 */

import type { Client } from "./client.ts";
import { curl } from "./curl.ts";
import { msmtp } from "./msmtp.ts";
import { nodemailer, nodemailerOnNode } from "./nodemailer.ts";
import { openssl } from "./openssl.ts";
import { smtplib } from "./smtplib.ts";
import { swaks } from "./swaks.ts";

export const clients: readonly Client[] = [swaks, curl, msmtp, smtplib, nodemailer, nodemailerOnNode, openssl];
