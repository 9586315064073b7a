-- Ten thousand products cloned from those that were imported, and the search index filled with them.
DELETE FROM search_index_item;
INSERT INTO product (id, enabled) SELECT g, true FROM generate_series((SELECT max(id)+1 FROM product), 10000) g;
INSERT INTO product_translation ("languageCode", name, slug, description, "baseId") SELECT 'en', 'Offer '||id, 'offer-'||id, 'A lovely reward from our partner', id FROM product p WHERE NOT EXISTS (SELECT 1 FROM product_translation t WHERE t."baseId"=p.id);
INSERT INTO product_channels_channel ("productId", "channelId") SELECT id, 1 FROM product ON CONFLICT DO NOTHING;
INSERT INTO product_variant (id, enabled, sku, "trackInventory", "taxCategoryId", "productId") SELECT p.id, true, 'SKU'||p.id, 'FALSE', 1, p.id FROM product p WHERE NOT EXISTS (SELECT 1 FROM product_variant v WHERE v.id=p.id);
INSERT INTO product_variant_translation ("languageCode", name, "baseId") SELECT 'en', 'Offer '||id, id FROM product_variant v WHERE NOT EXISTS (SELECT 1 FROM product_variant_translation t WHERE t."baseId"=v.id);
INSERT INTO product_variant_channels_channel ("productVariantId", "channelId") SELECT id, 1 FROM product_variant ON CONFLICT DO NOTHING;
INSERT INTO product_variant_price ("currencyCode", "channelId", price, "variantId") SELECT (SELECT "defaultCurrencyCode" FROM channel WHERE id=1), 1, 100+id%9900, id FROM product_variant v WHERE NOT EXISTS (SELECT 1 FROM product_variant_price t WHERE t."variantId"=v.id);
INSERT INTO product_facet_values_facet_value ("productId", "facetValueId") SELECT p.id, fv.id FROM product p JOIN LATERAL (SELECT id FROM facet_value ORDER BY id OFFSET p.id%20 LIMIT 1) fv ON true ON CONFLICT DO NOTHING;
INSERT INTO search_index_item ("languageCode", enabled, "productName", "productVariantName", description, slug, sku, "facetIds", "facetValueIds", "collectionIds", "collectionSlugs", "channelIds", "productPreview", "productVariantPreview", "inStock", "productInStock", "productVariantId", "channelId", "productId", price, "priceWithTax")
 SELECT 'en', true, 'Offer '||p.id, 'Offer '||p.id, 'A lovely reward from our partner', 'offer-'||p.id, 'SKU'||p.id, '1', (1+p.id%20)::text, '', '', '1', 'https://cdn.example.com/offers/'||md5(p.id::text)||'/1200.jpg', 'https://cdn.example.com/offers/'||md5(p.id::text)||'/320.jpg', true, true, p.id, 1, p.id, 100+p.id%9900, 120+p.id%9900 FROM product p;
ANALYZE;
