// Vendure with its default search plugin over PostgreSQL, nothing else added.
const { DefaultJobQueuePlugin, DefaultLogger, DefaultSearchPlugin, LogLevel } = require('@vendure/core')

exports.config = {
  apiOptions: {
    port: Number(process.env.PORT), hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api'
  },
  authOptions: {
    tokenMethod: ['bearer', 'cookie'],
    superadminCredentials: { identifier: 'superadmin', password: 'of-the-bench-only' },
    cookieOptions: { secret: 'of-the-bench-only' }
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: process.env.PGHOST,
    port: 5432,
    username: 'postgres',
    password: '',
    database: 'vendure',
    synchronize: process.env.SYNC === '1',
    logging: false,
    extra: { max: 16 }
  },
  paymentOptions: { paymentMethodHandlers: [] },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  plugins: [
    DefaultJobQueuePlugin.init({ pollInterval: 3600000 }),
    DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true })
  ]
}
