/**
 * Every tenant a domain of its own: mail for `anybody@acme.example.com` goes to tenant `acme`.
 *
 *     postern serve examples/multi-tenant.ts
 *
 * One DNS record brings the mail of all of them: `*.example.com. MX 10 mx.example.com.`
 */

import { Postern, reply } from "postern";

interface Tenant {
  readonly name: string;
  readonly inbox: { readonly to: string; readonly subject: string }[];
}

/** Your database. */
const tenants: ReadonlyMap<string, Tenant> = new Map([
  ["acme", { name: "Acme Corporation", inbox: [] }],
  ["globex", { name: "Globex", inbox: [] }],
]);

const app: Postern = new Postern();

// Parameters are in lower case, as domains compare.
app.rcpt(":user@:tenant.example.com", (c) => {
  const isKnown = tenants.has(c.req.param("tenant"));
  return isKnown ? c.body(null, 204) : reply(550, "5.1.2", "No such tenant");
});

app.deliver(":user@:tenant.example.com", (c) => {
  const { user, tenant } = c.req.param();
  const { name, inbox } = tenants.get(tenant)!;
  inbox.push({ to: user, subject: c.var.mail.headers.get("subject") ?? "" });
  console.log(`${name}: ${inbox.length} in the inbox, the latest to ${JSON.stringify(user)}`);
  return c.text(`Taken for ${name}`);
});

export default app;
