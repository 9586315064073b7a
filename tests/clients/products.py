"""The products of Apollo's compatibility tests for subgraphs, behind our own view and kit."""

from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from strawberry.federation import field as federated
from strawberry.federation.schema_directives import Override
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directive import Location

from marketplace.app.federation import FederationQuery
from marketplace.app.http import GraphQLView
from marketplace.kit.graphql import Context


@strawberry.federation.schema_directive(
    locations=[Location.OBJECT],
    name="custom",
    compose=True,
    import_url="https://myspecs.dev/myCustomDirective/v1.0",
)
class Custom:
    """Says nothing; it has to arrive in the supergraph."""


@strawberry.federation.type(extend=True, keys=["email"])
class User:
    email: strawberry.ID = federated(external=True)
    name: str | None = federated(override=Override(override_from="users"), default=None)
    total_products_created: int | None = federated(external=True, default=None)
    years_of_employment: int = federated(external=True, default=0)

    @federated(requires=["totalProductsCreated", "yearsOfEmployment"])
    def average_products_created_per_year(self) -> int | None:
        if self.total_products_created is None:
            return None
        return round(self.total_products_created / self.years_of_employment)

    @classmethod
    def resolve_reference(cls, **facts: Any) -> "User | None":
        if facts["email"] != JANE.email:
            return None
        years, total = facts.get("yearsOfEmployment"), facts.get("totalProductsCreated")
        return User(
            email=JANE.email,
            name=JANE.name,
            total_products_created=JANE.total_products_created if total is None else total,
            years_of_employment=JANE.years_of_employment if years is None else years,
        )


JANE = User(
    email=strawberry.ID("support@apollographql.com"),
    name="Jane Smith",
    total_products_created=1337,
    years_of_employment=10,
)


@strawberry.federation.type(shareable=True)
class ProductDimension:
    size: str | None
    weight: float | None
    unit: str | None = federated(inaccessible=True)


@strawberry.type
class ProductVariation:
    id: strawberry.ID


@strawberry.type
class CaseStudy:
    case_number: strawberry.ID
    description: str | None


@strawberry.federation.type(keys=["study { caseNumber }"])
class ProductResearch:
    study: CaseStudy
    outcome: str | None = None

    @classmethod
    def resolve_reference(cls, **facts: Any) -> "ProductResearch | None":
        number = facts["study"]["caseNumber"]
        return next((each for each in RESEARCH if each.study.case_number == number), None)


RESEARCH = [
    ProductResearch(study=CaseStudy(case_number=strawberry.ID("1234"), description="Federation Study")),
    ProductResearch(study=CaseStudy(case_number=strawberry.ID("1235"), description="Studio Study")),
]


@strawberry.federation.type(keys=["sku package"])
class DeprecatedProduct:
    sku: str
    package: str
    reason: str | None
    created_by: User | None

    @classmethod
    def resolve_reference(cls, **facts: Any) -> "DeprecatedProduct | None":
        return deprecated(facts["sku"], facts["package"])


OLD = DeprecatedProduct(
    sku="apollo-federation-v1",
    package="@apollo/federation-v1",
    reason="Migrate to Federation V2",
    created_by=JANE,
)


def deprecated(sku: str, package: str) -> DeprecatedProduct | None:
    return OLD if (sku, package) == (OLD.sku, OLD.package) else None


@strawberry.federation.type(
    keys=["id", "sku package", "sku variation { id }"],
    directives=[Custom()],
)
class Product:
    id: strawberry.ID
    sku: str | None
    package: str | None
    variation: ProductVariation | None
    dimensions: ProductDimension | None
    created_by: User | None = federated(provides=["totalProductsCreated"])
    notes: str | None = federated(tags=["internal"])
    research: list[ProductResearch]

    @classmethod
    def resolve_reference(cls, **facts: Any) -> "Product | None":
        if "id" in facts:
            return product(facts["id"])
        for each in PRODUCTS:
            variation: dict[str, Any] = facts.get("variation") or {}
            same = each.package == facts.get("package") or (
                each.variation is not None and each.variation.id == variation.get("id")
            )
            if each.sku == facts.get("sku") and same:
                return each
        return None


def _product(name: str, package: str, variation: str, research: ProductResearch) -> Product:
    return Product(
        id=strawberry.ID(f"apollo-{name}"),
        sku=name,
        package=package,
        variation=ProductVariation(id=strawberry.ID(variation)),
        dimensions=ProductDimension(size="small", weight=1, unit="kg"),
        created_by=JANE,
        notes=None,
        research=[research],
    )


PRODUCTS = [
    _product("federation", "@apollo/federation", "OSS", RESEARCH[0]),
    _product("studio", "", "platform", RESEARCH[1]),
]


def product(id: str) -> Product | None:
    return next((each for each in PRODUCTS if each.id == id), None)


@strawberry.federation.interface_object(name="Inventory", keys=["id"])
class Inventory:
    id: strawberry.ID

    @strawberry.field
    def deprecated_products(self) -> list[DeprecatedProduct]:
        return [OLD]

    @classmethod
    def resolve_reference(cls, **facts: Any) -> "Inventory":
        return Inventory(id=facts["id"])


@strawberry.federation.type(extend=True)
class Query(FederationQuery):
    @strawberry.field
    def product(self, id: strawberry.ID) -> Product | None:
        return product(id)

    @strawberry.field(deprecation_reason="Use product query instead")
    def deprecated_product(self, sku: str, package: str) -> DeprecatedProduct | None:
        return deprecated(sku, package)


schema = strawberry.federation.Schema(
    query=Query,
    types=[Inventory, ProductResearch],
    config=StrawberryConfig(),
    federation_version="2.7",
)


async def nobody(request: Request) -> Context:
    """Nobody asks."""
    return Context(actor=None)


app = Starlette(routes=[Route("/", GraphQLView(schema, nobody))])
