// graphql-http's audit suite: every audit of GraphQL over HTTP, none of them with a remark.
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.env.URL, fetchFn: fetch });
let remarks = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== "ok") {
    remarks += 1;
    console.log(`${result.status}: ${audit.id} ${audit.name}: ${result.reason}`);
  }
}
console.log(`${audits.length - remarks} of ${audits.length} audits without a remark`);
process.exit(remarks === 0 ? 0 : 1);
