// Two hundred products through Vendure's own import; seed.sql makes them ten thousand.
const fs = require('fs')
const path = require('path')
const { bootstrap } = require('@vendure/core')
const { populate } = require('@vendure/core/cli')
const { config } = require('./config')

const columns = 'name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,' +
  'trackInventory,variantAssets,variantFacets'
const rows = Array.from({ length: 200 }, (_, n) =>
  `Offer ${n},offer-${n},Good things,,category:cat-${n % 20}|brand:Brand ${n % 50},,,SKU${n},${1 + n % 99}.50,` +
  'standard,100,false,,')
const file = path.join(__dirname, 'products.csv')
fs.writeFileSync(file, [columns, ...rows].join('\n') + '\n')
const initial = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'Netherlands', code: 'NL', zone: 'Europe' }],
  taxRates: [{ name: 'Standard Tax', percentage: 21 }],
  shippingMethods: [],
  paymentMethods: [],
  collections: []
}
populate(() => bootstrap(config), initial, file)
  .then(app => app.close())
  .then(() => process.exit(0), error => { console.error(error); process.exit(1) })
