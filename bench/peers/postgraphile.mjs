// PostGraphile 5 over the marketplace's own tables: its fast preset, prepared statements, nothing watched.
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const preset = {
  extends: [PostGraphileAmberPreset],
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  pgServices: [makePgService({
    connectionString: process.env.PGURL, schemas: ['public'], poolConfig: { max: 16 }
  })],
  grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false, websockets: false },
  grafast: { explain: false }
}
const instance = postgraphile(preset)
const server = createServer()
server.on('error', error => { console.error(error); process.exit(1) })
await instance.createServ(grafserv).addTo(server)
if (process.env.PRINT) {
  const { printSchema } = await import('graphql')
  console.log(printSchema(await instance.getSchema()))
  process.exit(0)
}
server.listen(Number(process.env.PORT), '127.0.0.1')
