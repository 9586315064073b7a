// Mercurius with graphql-jit and one hand-written, prepared join: the fastest a page is served from Node.
const Fastify = require('fastify')
const mercurius = require('mercurius')
const { Pool } = require('pg')

const pool = new Pool({ host: process.env.PGHOST, user: 'postgres', database: 'marketplace', max: 16 })
const schema = `
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Brand { id: ID! name: String! imageUrl: String! }
type Offer {
  id: ID! sku: String! kind: String! status: String! title: String! description: String! imageUrl: String!
  inStock: Boolean! closesAt: String points: Int! amount: String! currency: String! brand: Brand!
}
type Offers { nodes: [Offer!]! pageInfo: PageInfo! }
type Query { offers(category: String!, first: Int = 20, after: String): Offers! }`

const statement = (first, onward) => ({
  name: `page-${first}-${onward}`,
  text: `SELECT o.id, o.sku, o.kind, o.status, coalesce(o.title->>'nl', o.title->>'en') AS title,
      coalesce(o.description->>'nl', o.description->>'en') AS description, o.published_until, l.published,
      l.from_price_minor, l.currency, l.popularity, b.id AS brand_id, b.name AS brand_name, b.slug AS brand_slug
    FROM listing l JOIN offer o ON o.id = l.offer_id JOIN brand b ON b.id = o.brand_id
    WHERE l.country = 'NL' AND l.published AND l.category_id = $1
      ${onward ? 'AND (l.popularity, l.offer_id) < ($2::int, $3::uuid)' : ''}
    ORDER BY l.popularity DESC, l.offer_id DESC LIMIT ${first + 1}`
})

const resolvers = {
  Query: {
    async offers (_, { category, first, after }) {
      const from = after ? Buffer.from(after, 'base64').toString().split(':') : []
      const { rows } = await pool.query({ ...statement(first, from.length > 0), values: [category, ...from] })
      const hasNextPage = rows.length > first
      if (hasNextPage) rows.pop()
      const nodes = rows.map(row => ({
        id: row.id,
        sku: row.sku,
        kind: row.kind,
        status: row.status,
        title: row.title,
        description: row.description,
        imageUrl: `/images/offers/${row.id}.svg`,
        inStock: row.published,
        closesAt: row.published_until && row.published_until.toISOString(),
        points: Number(row.from_price_minor) * 2,
        amount: (Number(row.from_price_minor) / 100).toFixed(2),
        currency: row.currency,
        brand: { id: row.brand_id, name: row.brand_name, imageUrl: `/images/brands/${row.brand_slug}.svg` }
      }))
      const last = rows[rows.length - 1]
      const endCursor = last ? Buffer.from(`${last.popularity}:${last.id}`).toString('base64') : null
      return { nodes, pageInfo: { hasNextPage, endCursor } }
    }
  }
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, jit: 1 })
app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
