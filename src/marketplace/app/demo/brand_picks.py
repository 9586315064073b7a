"""What the builder of brands.json looks for: our category of each OpenStreetMap tag, and quotas."""

CATEGORY_OF_TAG: dict[str, str] = {
    "amenity/cafe": "dining",
    "amenity/fast_food": "dining",
    "amenity/ice_cream": "dining",
    "amenity/restaurant": "dining",
    "amenity/car_rental": "travel",
    "amenity/charging_station": "utilities",
    "amenity/cinema": "entertainment",
    "amenity/fuel": "utilities",
    "amenity/language_school": "learning",
    "amenity/pharmacy": "health",
    "amenity/prep_school": "learning",
    "leisure/amusement_arcade": "entertainment",
    "leisure/bowling_alley": "entertainment",
    "leisure/fitness_centre": "health",
    "leisure/trampoline_park": "entertainment",
    "shop/baby_goods": "ecommerce",
    "shop/bag": "fashion",
    "shop/bakery": "groceries",
    "shop/beauty": "beauty",
    "shop/books": "books",
    "shop/chemist": "health",
    "shop/chocolate": "groceries",
    "shop/clothes": "fashion",
    "shop/computer": "gadgets",
    "shop/confectionery": "groceries",
    "shop/convenience": "groceries",
    "shop/cosmetics": "beauty",
    "shop/craft": "learning",
    "shop/department_store": "ecommerce",
    "shop/doityourself": "ecommerce",
    "shop/electronics": "gadgets",
    "shop/fashion_accessories": "fashion",
    "shop/furniture": "ecommerce",
    "shop/games": "entertainment",
    "shop/gas": "utilities",
    "shop/hairdresser": "beauty",
    "shop/health_food": "health",
    "shop/houseware": "ecommerce",
    "shop/interior_decoration": "ecommerce",
    "shop/jewelry": "beauty",
    "shop/mobile_phone": "recharge",
    "shop/music": "entertainment",
    "shop/musical_instrument": "learning",
    "shop/newsagent": "books",
    "shop/nutrition_supplements": "health",
    "shop/optician": "health",
    "shop/outdoor": "fashion",
    "shop/perfumery": "beauty",
    "shop/pet": "ecommerce",
    "shop/photo": "gadgets",
    "shop/shoes": "fashion",
    "shop/sports": "fashion",
    "shop/stationery": "books",
    "shop/supermarket": "groceries",
    "shop/tea": "groceries",
    "shop/telecommunication": "recharge",
    "shop/ticket": "entertainment",
    "shop/toys": "entertainment",
    "shop/travel_agency": "travel",
    "shop/variety_store": "ecommerce",
    "shop/video_games": "entertainment",
    "shop/watches": "beauty",
    "tourism/hotel": "travel",
    "tourism/hostel": "travel",
    "tourism/theme_park": "entertainment",
}
"""Category code by `key/value` of OpenStreetMap; a tag that is not here is not a consumer brand of ours."""

MUST_HAVE: dict[str, str] = {
    "Q37158": "Starbucks",
    "Q2408041": "Sephora",
    "Q157064": "Puma",
    "Q752941": "Taco Bell",
    "Q837851": "The Body Shop",
    "Q742988": "New Balance",
    "Q175106": "Tim Hortons",
}
"""Wikidata ids that the selection may not leave out."""

QUOTA: dict[str, int] = {
    "dining": 62,
    "fashion": 62,
    "groceries": 40,
    "ecommerce": 40,
    "beauty": 34,
    "travel": 34,
    "gadgets": 24,
    "health": 28,
    "entertainment": 26,
    "books": 20,
    "recharge": 20,
    "utilities": 12,
    "learning": 14,
}
"""How many brands each category brings before countries are topped up."""

UNWANTED = frozenset(
    {
        "Best Western Plus", "Bonjour", "Carrefour City", "Carrefour Express", "Carrefour Market",
        "Citgo", "Costco Gasoline", "Food Basics", "Fresh Corner", "Gazprom", "Gazprom Neft",
        "Holiday Inn Express", "Hooters", "Ibis Budget", "Ibis Styles", "InMotion", "Lukoil",
        "Market Basket", "Mobil", "Music & Arts", "Shell Select", "Sony Centre", "Spar Express",
        "Star Mart", "Super C", "Tesco Express", "Tiger Mart", "Walmart Supercenter", "ampm",
    }
)  # fmt: skip
"""Sub-brands and names that do not fit a rewards catalogue."""

AT_LEAST = 10
"""Every country of markets.json gets this many brands that name it, if the package has them."""

AT_LEAST_AT_HOME = 20
HOME = frozenset({"SE", "NO", "DK", "FI", "NL", "MY", "SG", "ID", "GB", "US", "DE", "KZ"})
"""Countries of the three demo programs, and how many brands these get."""
