"""Every column of a spreadsheet once: its name, meaning, unit and kind, and the headings that people give it.

Headings are compared without case, accents, spaces and punctuation. Where two headings of a file stand for one
column, the one named earlier in `names` is read, so that "Société" wins over "Nom".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from matching.codes import currency_code
from matching.errors import InvalidInput
from matching.units import unit_name
from matching.words import fold


class Kind(StrEnum):
    """What a column's cells hold; `EXPECTED` says it in words."""

    TEXT = "text"
    NAMES = "names"
    CERTIFICATES = "certificates"
    WHOLE_NUMBER = "whole number"
    YEAR = "year"
    SIZE = "size"
    COUNTRY = "country"
    COUNTRIES = "countries"
    LANGUAGE = "language"
    LANGUAGES = "languages"
    INCOTERM = "incoterm"
    INCOTERMS = "incoterms"
    HS = "hs"
    CURRENCY = "currency"
    QUANTITY = "quantity"
    MONTHLY_QUANTITY = "monthly quantity"
    PRICE = "price"
    DAYS = "days"
    PRODUCTS = "products"
    CERTIFICATE = "certificate"
    NESTED = "nested"


EXPECTED: Mapping[Kind, str] = {
    Kind.TEXT: "a text",
    Kind.NAMES: "names separated by , ; / or |",
    Kind.CERTIFICATES: "certificates separated by , ; / or |, such as HACCP, Ecocert (valid until 2027-03-31)",
    Kind.WHOLE_NUMBER: "a whole number, 0 or more",
    Kind.YEAR: "a year such as 1998",
    Kind.SIZE: "micro, small, medium or large",
    Kind.COUNTRY: "an ISO 3166 code such as MA, or a country's name",
    Kind.COUNTRIES: "countries separated by , ; / or |, each an ISO 3166 code such as MA or a country's name",
    Kind.LANGUAGE: "an ISO 639 code such as fr, or a language's name",
    Kind.LANGUAGES: "languages separated by , ; / or |, each an ISO 639 code such as fr or a language's name",
    Kind.INCOTERM: "an Incoterm such as FOB",
    Kind.INCOTERMS: "Incoterms separated by , ; / or |, such as EXW, FOB",
    Kind.HS: "an HS code of six digits such as 1515.90",
    Kind.CURRENCY: "an ISO 4217 code such as MAD, EUR or USD",
    Kind.QUANTITY: "an amount with its unit such as 500 kg",
    Kind.MONTHLY_QUANTITY: "an amount a month with its unit such as 500 kg",
    Kind.PRICE: "a price with its currency such as 3.20 - 4.10 USD/kg",
    Kind.DAYS: "a whole number of days, 0 or more",
    Kind.PRODUCTS: "product names separated by ; or |",
    Kind.CERTIFICATE: "yes or no",
    Kind.NESTED: "an object of named fields",
}
_MANY = frozenset({Kind.NAMES, Kind.CERTIFICATES, Kind.COUNTRIES, Kind.LANGUAGES, Kind.INCOTERMS})
MEASURED = frozenset({Kind.QUANTITY, Kind.MONTHLY_QUANTITY, Kind.PRICE, Kind.DAYS})
"""Kinds whose cells may leave their unit to the heading or to another column."""


@dataclass(frozen=True)
class Column:
    """One column. unit is None where the amount is a pure number, a text, or carries its unit in the cell."""

    name: str
    meaning: str
    unit: str | None
    kind: Kind
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heading:
    """A heading of a file and the column it stands for.

    slot is the number in "Product 2", 0 where there is none; unit and currency are those that the heading names,
    as in "MOQ (kg)" and "Price (EUR/kg)".
    """

    column: Column
    slot: int = 0
    unit: str | None = None
    currency: str | None = None


_COMPANY = (
    "Company name", "Company", "Supplier name", "Supplier", "Exhibitor name", "Exhibitor", "Business name", "Firm",
    "Organisation", "Organization", "Raison sociale", "Nom de l'entreprise", "Nom de la société", "Société",
    "Entreprise", "Nom du fournisseur", "Fournisseur", "Nom de l'exposant", "Exposant", "Dénomination sociale",
    "Dénomination", "Coopérative", "اسم الشركة", "الشركة", "شركة", "اسم المورد", "المورد", "اسم المؤسسة", "المؤسسة",
    "اسم العارض", "العارض", "التعاونية", "Razón social", "Nombre de la empresa", "Nombre empresa", "Empresa",
    "Proveedor", "Compañía", "Expositor", "Firmenname", "Firma", "Unternehmen", "Lieferant", "Aussteller", "公司名称",
    "公司", "企业名称", "供应商", "供应商名称", "Ragione sociale", "Nome azienda", "Azienda", "Società", "Fornitore",
    "Espositore", "Razão social", "Nome da empresa", "Fornecedor", "Şirket adı", "Şirket", "Firma adı", "Tedarikçi",
    "Unvan", "Bedrijfsnaam", "Bedrijf", "Leverancier", "Name", "Nom", "الاسم", "Nombre", "名称", "Nome", "Naam", "Adı",
)  # fmt: skip
_IDENTIFIER = (
    "ID", "Supplier ID", "Exhibitor ID", "Supplier code", "Reference", "Ref", "Identifiant", "Référence", "Réf",
    "Code fournisseur", "Code exposant", "المعرف", "رقم المورد", "الرقم المرجعي", "Identificador", "Referencia",
    "Código de proveedor", "Lieferantennummer", "Referenz", "编号", "供应商编号", "Identificativo", "Riferimento",
    "Codice fornitore", "Referência", "Tedarikçi kodu", "Referans", "Leveranciersnummer", "Referentie",
)  # fmt: skip
_COUNTRY = (
    "Country", "Country of origin", "Pays", "Pays d'origine", "البلد", "الدولة", "بلد", "دولة", "بلد المنشأ", "País",
    "País de origen", "Land", "Herkunftsland", "国家", "国别", "原产国", "Paese", "Nazione", "País de origem", "Ülke",
    "Menşe ülke", "Land van herkomst",
)  # fmt: skip
_LANGUAGES = (
    "Languages", "Languages spoken", "Spoken languages", "Langues", "Langues parlées", "اللغات", "لغات", "Idiomas",
    "Sprachen", "语言", "语种", "Lingue", "Línguas", "Diller", "Talen", "Language", "Langue", "اللغة", "Idioma",
    "Sprache", "Lingua", "Língua", "Dil", "Taal",
)  # fmt: skip
_PRODUCTS = (
    "Products", "Product", "Product name", "Product names", "Goods", "Products and services", "Produits", "Produit",
    "Nom du produit", "Produits et services", "Désignation", "Articles", "Article", "المنتجات", "المنتج", "منتجات",
    "منتج", "اسم المنتج", "السلع", "Productos", "Producto", "Nombre del producto", "Artículo", "Produkte", "Produkt",
    "Produktname", "Artikel", "产品", "产品名称", "商品", "Prodotti", "Prodotto", "Nome prodotto", "Nome del prodotto",
    "Produtos", "Produto", "Nome do produto", "Ürünler", "Ürün", "Ürün adı", "Producten", "Productnaam",
)  # fmt: skip
_CERTIFICATIONS = (
    "Certifications", "Certification", "Certificates", "Certificate", "Certificats", "Certificat", "Labels", "Normes",
    "Certifications requises", "Required certificates", "الشهادات", "شهادات", "شهادة", "الشهادة", "شهادات الجودة",
    "Certificaciones", "Certificación", "Certificados", "Certificado", "Zertifikate", "Zertifizierungen", "认证",
    "证书", "Certificazioni", "Certificazione", "Certificati", "Certificações", "Certificação", "Sertifikalar",
    "Belgeler", "Certificaten", "Certificeringen", "Certificering",
)  # fmt: skip
_INCOTERMS = (
    "Incoterms", "Incoterm", "Delivery terms", "Conditions de livraison", "شروط التسليم", "إنكوترمز",
    "Condiciones de entrega", "Términos de entrega", "Lieferbedingungen", "Lieferbedingung", "贸易术语", "交货条款",
    "Condizioni di consegna", "Termini di resa", "Resa", "Termos de entrega", "Condições de entrega", "Teslim şekli",
    "Leveringsvoorwaarden",
)  # fmt: skip
_HS = (
    "HS", "HS code", "HS codes", "HS6", "HS code (6 digits)", "Harmonised code", "Harmonized code", "Tariff code",
    "Commodity code", "Customs code", "Code SH", "SH", "Code HS", "SH6", "Code douanier", "Position tarifaire",
    "Nomenclature douanière", "رمز النظام المنسق", "النظام المنسق", "البند الجمركي", "الرمز الجمركي", "Código HS",
    "Código SA", "Partida arancelaria", "Código arancelario", "Zolltarifnummer", "Warennummer", "海关编码", "HS编码",
    "Codice HS", "Codice SA", "Codice doganale", "Código SH", "NCM", "GTİP", "GTİP kodu", "GN-code", "Goederencode",
)  # fmt: skip
_CURRENCY = (
    "Currency", "Price currency", "Devise", "Monnaie", "العملة", "عملة", "Moneda", "Divisa", "Währung", "货币", "币种",
    "Valuta", "Moeda", "Para birimi", "Döviz",
)  # fmt: skip
_UNIT = (
    "Unit", "Unit of measure", "UOM", "Unité", "Unité de mesure", "الوحدة", "وحدة القياس", "Unidad",
    "Unidad de medida", "Einheit", "Mengeneinheit", "单位", "Unità", "Unità di misura", "Unidade", "Birim", "Eenheid",
)  # fmt: skip
_PRICE = (
    "Price", "Unit price", "Price range", "Prices", "FOB price", "Prix", "Prix unitaire", "Prix FOB", "Tarif",
    "Fourchette de prix", "السعر", "سعر الوحدة", "الأسعار", "الثمن", "سعر", "Precio", "Precio unitario", "Precio FOB",
    "Preis", "Stückpreis", "Einzelpreis", "价格", "单价", "Prezzo", "Prezzo unitario", "Preço", "Preço unitário",
    "Fiyat", "Birim fiyat", "Birim fiyatı", "Prijs", "Stukprijs", "Eenheidsprijs",
)  # fmt: skip
_LEAD_TIME = (
    "Lead time", "Leadtime", "Lead time in days", "Lead days", "Delivery time", "Production time", "Délai",
    "Délai de livraison", "Délai de production", "Délais", "Délais de livraison", "Délai en jours", "مدة التسليم",
    "أجل التسليم", "آجال التسليم", "وقت التسليم", "مهلة التسليم", "Plazo de entrega", "Plazo", "Tiempo de entrega",
    "Plazo en días", "Lieferzeit", "Lieferfrist", "Lieferzeit in Tagen", "交货期", "交期", "交货时间",
    "Tempi di consegna", "Tempo di consegna", "Termine di consegna", "Prazo de entrega", "Prazo", "Teslim süresi",
    "Teslimat süresi", "Levertijd", "Doorlooptijd",
)  # fmt: skip

FIRM_COLUMNS = (
    Column("id", "the supplier's identifier; made from name and country where absent", None, Kind.TEXT, _IDENTIFIER),
    Column("name", "the company's name", None, Kind.TEXT, _COMPANY),
    Column("country", "where the company is", None, Kind.COUNTRY, _COUNTRY),
    Column("city", "the town it is in", None, Kind.TEXT, (
        "City", "Town", "Ville", "Localité", "المدينة", "مدينة", "Ciudad", "Localidad", "Stadt", "Ort", "城市", "Città",
        "Cidade", "Şehir", "Stad", "Plaats",
    )),
    Column("size", "size class by staff", None, Kind.SIZE, (
        "Company size", "Firm size", "Taille de l'entreprise", "Taille entreprise", "حجم الشركة", "حجم المؤسسة",
        "Tamaño de la empresa", "Unternehmensgröße", "企业规模", "公司规模", "Dimensione azienda", "Porte da empresa",
        "Şirket büyüklüğü", "Bedrijfsgrootte", "Size", "Taille", "الحجم", "Tamaño", "规模",
    )),
    Column("employees", "head count", "people", Kind.WHOLE_NUMBER, (
        "Employees", "Number of employees", "No of employees", "Staff", "Headcount", "Effectif", "Effectifs",
        "Salariés", "Nombre d'employés", "Nombre de salariés", "عدد الموظفين", "عدد العمال", "الموظفون", "Empleados",
        "Número de empleados", "Plantilla", "Mitarbeiter", "Mitarbeiterzahl", "Anzahl Mitarbeiter", "员工人数",
        "员工数", "Dipendenti", "Numero dipendenti", "Numero di dipendenti", "Funcionários", "Número de funcionários",
        "Çalışan sayısı", "Werknemers", "Aantal werknemers", "Aantal medewerkers",
    )),
    Column("founded", "year of foundation", "year", Kind.YEAR, (
        "Founded", "Year founded", "Year of foundation", "Year established", "Established", "Date de création",
        "Année de création", "Créée en", "Fondée en", "Création", "سنة التأسيس", "تاريخ التأسيس", "التأسيس",
        "Año de fundación", "Fundada en", "Fundación", "Gründungsjahr", "Gegründet", "成立年份", "成立时间", "成立日期",
        "Anno di fondazione", "Fondata nel", "Ano de fundação", "Fundação", "Kuruluş yılı", "Oprichtingsjaar",
    )),
    Column("languages", "languages the sales team speaks", None, Kind.LANGUAGES, _LANGUAGES),
    Column("profile_language", "language of description and product names", None, Kind.LANGUAGE, (
        "Profile language", "Langue du profil", "لغة الملف", "Idioma del perfil", "Profilsprache", "Lingua del profilo",
    )),
    Column("description", "what the firm says of itself", None, Kind.TEXT, (
        "Description", "Company description", "Company profile", "Profile", "About", "Presentation", "Activity",
        "Activities", "Description de l'entreprise", "Présentation", "Profil", "Activité", "Activités",
        "Domaine d'activité", "Secteur d'activité", "الوصف", "وصف", "وصف الشركة", "نبذة", "نبذة عن الشركة", "النشاط",
        "مجال النشاط", "Descripción", "Presentación", "Perfil", "Actividad", "Beschreibung", "Firmenprofil",
        "Tätigkeit", "描述", "简介", "公司简介", "Descrizione", "Presentazione", "Attività", "Descrição",
        "Apresentação", "Atividade", "Açıklama", "Tanıtım", "Faaliyet", "Omschrijving", "Beschrijving", "Activiteit",
    )),
    Column("certifications", "certificates held", None, Kind.CERTIFICATES, _CERTIFICATIONS),
    Column("incoterms", "delivery terms offered", None, Kind.INCOTERMS, _INCOTERMS),
    Column("markets", "countries it ships to", None, Kind.COUNTRIES, (
        "Markets", "Export markets", "Export countries", "Countries served", "Destinations", "Marchés",
        "Marchés d'exportation", "Marchés export", "Pays d'exportation", "Pays desservis", "الأسواق", "أسواق التصدير",
        "بلدان التصدير", "دول التصدير", "Mercados", "Mercados de exportación", "Países de exportación", "Märkte",
        "Exportmärkte", "Exportländer", "出口市场", "市场", "出口国家", "Mercati", "Mercati di esportazione",
        "Mercados de exportação", "Pazarlar", "İhracat pazarları", "Markten", "Exportmarkten",
    )),
)  # fmt: skip
PRODUCT_COLUMNS = (
    Column("products", "product names; one product, or several in one cell", None, Kind.PRODUCTS, _PRODUCTS),
    Column("hs", "the product's HS 2022 code", None, Kind.HS, _HS),
    Column("moq", "minimum order quantity", None, Kind.QUANTITY, (
        "MOQ", "MOQ value", "Minimum order", "Minimum order quantity", "Min order", "Min order qty",
        "Min order quantity", "Quantité minimale", "Quantité minimum", "Quantité minimale de commande",
        "Commande minimale", "Commande minimum", "Minimum de commande", "الحد الأدنى للطلب", "الحد الأدنى للطلبية",
        "الحد الأدنى",
        "أقل كمية", "أقل كمية للطلب", "Pedido mínimo", "Cantidad mínima", "Cantidad mínima de pedido",
        "Mindestbestellmenge", "Mindestmenge", "最小起订量", "起订量", "最低订购量", "Ordine minimo", "Quantità minima",
        "Lotto minimo", "Quantidade mínima", "Encomenda mínima", "Minimum sipariş", "Minimum sipariş miktarı",
        "Asgari sipariş", "Minimale bestelhoeveelheid", "Minimum bestelhoeveelheid", "Minimale afname",
    )),
    Column("moq_unit", "unit of moq where its cell names none", None, Kind.TEXT, (
        "Unité MOQ", "Unité de commande", "وحدة الحد الأدنى", "Unidad de pedido", "MOQ Einheit",
    )),
    Column("price", "asked price per unit, one or from - to", "currency / unit", Kind.PRICE, _PRICE),
    Column("price_min", "lowest asked price per unit", "currency / unit", Kind.PRICE, (
        "Min price", "Minimum price", "Lowest price", "Price from", "Prix min", "Prix mini", "Prix minimum",
        "Prix minimal", "أدنى سعر", "السعر الأدنى", "أقل سعر", "Precio mínimo", "Precio min", "Mindestpreis",
        "Preis min", "Preis von", "最低价", "最低价格", "Prezzo minimo", "Preço mínimo", "Minimum fiyat",
        "En düşük fiyat", "Minimumprijs",
    )),
    Column("price_max", "highest asked price per unit", "currency / unit", Kind.PRICE, (
        "Max price", "Maximum price", "Highest price", "Price to", "Prix max", "Prix maxi", "Prix maximum",
        "Prix maximal", "أعلى سعر", "السعر الأقصى", "السعر الأعلى", "Precio máximo", "Precio max", "Höchstpreis",
        "Preis max", "Preis bis", "最高价", "最高价格", "Prezzo massimo", "Preço máximo", "Maksimum fiyat",
        "En yüksek fiyat", "Maximumprijs",
    )),
    Column("currency", "currency of the prices where their cells name none", None, Kind.CURRENCY, _CURRENCY),
    Column("price_unit", "unit that the price is for where its cell names none", None, Kind.TEXT, (
        "Price per", "Unité de prix", "Unité du prix", "وحدة السعر", "Unidad de precio", "Preiseinheit", "计价单位",
    )),
    Column("capacity_month", "what can be made in a month", None, Kind.MONTHLY_QUANTITY, (
        "Monthly capacity", "Capacity per month", "Capacity", "Production capacity", "Capacity month value",
        "Capacité mensuelle", "Capacité par mois", "Capacité", "Capacité de production", "الطاقة الإنتاجية",
        "القدرة الإنتاجية", "الطاقة الإنتاجية الشهرية", "الإنتاج الشهري", "Capacidad mensual", "Capacidad",
        "Capacidad de producción", "Monatskapazität", "Kapazität", "Produktionskapazität", "月产能", "产能", "月产量",
        "Capacità mensile", "Capacità", "Capacità produttiva", "Capacidade mensal", "Capacidade",
        "Capacidade de produção", "Aylık kapasite", "Kapasite", "Üretim kapasitesi", "Maandcapaciteit", "Capaciteit",
        "Productiecapaciteit",
    )),
    Column("capacity_unit", "unit of capacity_month where its cell names none", None, Kind.TEXT, (
        "Capacity month unit", "Unité de capacité", "وحدة الطاقة الإنتاجية", "Unidad de capacidad",
    )),
    Column("unit", "unit of the row's amounts where nothing nearer names one", None, Kind.TEXT, _UNIT),
    Column("lead_time_days", "from order to dispatch", "days", Kind.DAYS, _LEAD_TIME),
)  # fmt: skip
SUPPLIER_COLUMNS = FIRM_COLUMNS + PRODUCT_COLUMNS

REQUEST_COLUMNS = (
    Column("id", "the request's identifier", None, Kind.TEXT, (
        "ID", "Request ID", "RFQ", "Reference", "Ref", "Identifiant", "Référence", "Réf", "المعرف", "رقم الطلب",
        "Identificador", "Referencia", "Referenz", "编号", "Riferimento", "Referência", "Referans", "Referentie",
    )),
    Column("buyer", "the buying company's name", None, Kind.TEXT, (
        "Buyer", "Buyer name", "Acheteur", "Nom de l'acheteur", "Client", "المشتري", "اسم المشتري", "الزبون",
        "Comprador", "Cliente", "Käufer", "Einkäufer", "Kunde", "买家", "采购商", "Acquirente", "Compratore", "Alıcı",
        "Koper", "Inkoper", *_COMPANY,
    )),
    Column("country", "where the buyer is", None, Kind.COUNTRY, ("Buyer country", "Pays de l'acheteur", *_COUNTRY)),
    Column("language", "language of the text", None, Kind.LANGUAGE, (
        "Request language", "Language", "Langue", "اللغة", "Idioma", "Sprache", "语言", "Lingua", "Língua", "Dil",
        "Taal",
    )),
    Column("text", "what is asked for, in the buyer's words", None, Kind.TEXT, (
        "Request", "Request text", "Text", "Need", "Needs", "Enquiry", "Inquiry", "Requirement", "Requirements",
        "Message", "Demande", "Besoin", "Besoins", "Recherche", "Texte", "الطلب", "نص الطلب", "الاحتياج", "الحاجة",
        "Solicitud", "Necesidad", "Texto", "Consulta", "Anfrage", "Bedarf", "需求", "采购需求", "询盘", "Richiesta",
        "Fabbisogno", "Testo", "Pedido", "Solicitação", "Necessidade", "Talep", "İhtiyaç", "Aanvraag", "Vraag",
        "Description", "Descripción", "Beschreibung", "الوصف", "描述", "Descrizione", "Descrição", "Açıklama",
        "Omschrijving", *_PRODUCTS,
    )),
    Column("delivery_country", "where the goods are to go", None, Kind.COUNTRY, (
        "Delivery country", "Destination country", "Destination", "Ship to", "Pays de livraison",
        "Pays de destination", "بلد التسليم", "بلد الوجهة", "País de entrega", "País de destino", "Destino",
        "Lieferland", "Zielland", "交货国家", "目的国", "Paese di consegna", "Paese di destinazione", "Teslimat ülkesi",
        "Land van levering",
    )),
    Column("hs", "HS 2022 code of what is asked", None, Kind.HS, _HS),
    Column("quantity", "how much is asked", None, Kind.QUANTITY, (
        "Quantity", "Quantity value", "Qty", "Amount", "Volume", "Quantité", "Qté", "الكمية", "كمية", "Cantidad",
        "Volumen", "Menge", "数量", "采购数量", "Quantità", "Quantidade", "Miktar", "Hoeveelheid", "Aantal",
    )),
    Column("quantity_unit", "unit of quantity where its cell names none", None, Kind.TEXT, _UNIT),
    Column("certifications", "certificates required", None, Kind.NAMES, _CERTIFICATIONS),
    Column("incoterm", "delivery term wanted", None, Kind.INCOTERM, _INCOTERMS),
    Column("languages", "languages acceptable in dealing", None, Kind.LANGUAGES, (
        "Accepted languages", "Acceptable languages", "Languages", "Langues", "Langues acceptées", "اللغات",
        "اللغات المقبولة", "Idiomas", "Sprachen", "语种", "Lingue", "Línguas", "Diller", "Talen",
    )),
    Column("max_lead_time_days", "longest time from order to dispatch", "days", Kind.DAYS, (
        "Max lead time", "Maximum lead time", "Délai maximum", "Délai maximal", "Délai max", "أقصى مدة للتسليم",
        "Plazo máximo", "Plazo máximo de entrega", "Maximale Lieferzeit", "最长交货期", "Tempo massimo di consegna",
        "Prazo máximo", "En uzun teslim süresi", "Maximale levertijd", *_LEAD_TIME,
    )),
    Column("max_price", "highest price per unit", "currency / unit", Kind.PRICE, (
        "Max price", "Max price value", "Maximum price", "Target price", "Price limit", "Budget", "Prix maximum",
        "Prix maximal", "Prix max", "Prix cible", "أقصى سعر", "السعر الأقصى", "السعر المستهدف", "Precio máximo",
        "Precio objetivo", "Presupuesto", "Höchstpreis", "Zielpreis", "最高价", "目标价", "Prezzo massimo",
        "Preço máximo", "Preço alvo", "Maksimum fiyat", "Hedef fiyat", "Maximumprijs", "Richtprijs", *_PRICE,
    )),
    Column("currency", "currency of max_price where its cell names none", None, Kind.CURRENCY, (
        "Max price currency", *_CURRENCY,
    )),
    Column("price_unit", "unit that max_price is for where its cell names none", None, Kind.TEXT, (
        "Max price unit", "Unité de prix", "وحدة السعر", "Unidad de precio", "Preiseinheit", "计价单位",
    )),
    Column("supplier_countries", "where suppliers may be", None, Kind.COUNTRIES, (
        "Supplier countries", "Supplier country", "Origin", "Sourcing countries", "Pays du fournisseur",
        "Pays fournisseurs", "Origine", "بلد المورد", "بلدان الموردين", "País del proveedor", "Países de proveedores",
        "Origen", "Lieferantenland", "Herkunft", "供应商国家", "Paese del fornitore", "País do fornecedor", "Origem",
        "Tedarikçi ülkesi", "Land van leverancier", "Herkomst",
    )),
    Column("not_asked", "constraints that the text may seem to state and the buyer does not mean", None, Kind.NAMES),
    Column("constraints", "the fields of a portal's form, nested (JSON Lines and Parquet)", None, Kind.NESTED),
)  # fmt: skip

CERTIFICATES = (
    "ISO 9001", "ISO 14001", "ISO 22000", "ISO 13485", "ISO 22716", "ISO 27001", "ISO 45001", "FSSC 22000", "HACCP",
    "BRCGS", "IFS", "GlobalG.A.P.", "EU Organic", "USDA Organic", "Ecocert", "COSMOS", "Halal", "Kosher", "Fairtrade",
    "GOTS", "GRS", "OEKO-TEX 100", "BSCI", "SA8000", "SMETA", "REACH", "RoHS", "CE", "FDA", "IATF 16949", "FSC",
    "ONSSA", "Rainforest Alliance",
)  # fmt: skip
"""Certificates that may have a column of their own, answered with yes or no."""


def heading_key(heading: str) -> str:
    """A heading without case, accents, spaces and punctuation: "Raison_Sociale :" gives "raisonsociale"."""
    return re.sub(r"[\W_]+", "", fold(heading))


def place_headings(
    headings: Sequence[str], columns: tuple[Column, ...], mapping: Mapping[str, str] | None = None
) -> tuple[Heading | None, ...]:
    """The column of each heading, in order; None for a heading that no column has or that a better one replaces.

    mapping {heading: column name} wins over the known names. "Product 1", "Product 2", or "Product" twice are
    slots of one column. Raises InvalidInput where the mapping names an unknown column.
    """
    chosen = _mapped(mapping or {}, columns)
    found = [_Found.of(heading, columns, chosen) for heading in headings]
    best: dict[tuple[str, int], int] = {}
    for place in sorted((place for place in found if place), key=lambda place: place.rank):
        best.setdefault((place.heading.column.name, place.heading.slot), place.rank)
    repeats: Counter[tuple[str, int]] = Counter()
    return tuple(_settle(place, best, repeats) for place in found)


@dataclass(frozen=True)
class _Found:
    heading: Heading
    rank: int

    @classmethod
    def of(cls, heading: str, columns: tuple[Column, ...], chosen: Mapping[str, Column]) -> _Found | None:
        if column := chosen.get(heading_key(heading)):
            return cls(Heading(column), -1)
        if heading_key(heading) in _certificates():
            return cls(Heading(_certificates()[heading_key(heading)]), 0)
        return next(
            (place for place in _readings(heading, columns) if place.heading.column not in chosen.values()), None
        )


def _mapped(mapping: Mapping[str, str], columns: tuple[Column, ...]) -> dict[str, Column]:
    by_name = {column.name: column for column in columns}
    for heading, name in mapping.items():
        if name not in by_name:
            expected = ", ".join(by_name)
            raise InvalidInput(f"mapping gives heading {heading!r} the column {name!r}, expected one of {expected}")
    return {heading_key(heading): by_name[name] for heading, name in mapping.items()}


def _settle(
    place: _Found | None, best: Mapping[tuple[str, int], int], repeats: Counter[tuple[str, int]]
) -> Heading | None:
    if place is None:
        return None
    key = (place.heading.column.name, place.heading.slot)
    repeats[key] += place.rank == best[key]
    many, repeatable = place.heading.column.kind in _MANY, place.heading.column in PRODUCT_COLUMNS
    if many or (place.rank == best[key] and repeats[key] == 1):
        return place.heading
    if place.rank != best[key] or not repeatable:
        return None
    return Heading(place.heading.column, repeats[key], place.heading.unit, place.heading.currency)


def _readings(heading: str, columns: tuple[Column, ...]) -> Iterator[_Found]:
    """What a heading may stand for, likeliest first: as it is, with a number, with a unit at its end."""
    names = _rank_by_key(columns)
    key = heading_key(heading)
    if key in names:
        yield _Found(Heading(names[key][0]), names[key][1])
    if numbered := re.fullmatch(r"(\D+)(\d{1,2})(\D*)", key):
        for before in (numbered[1], re.sub(r"(?:no|nr|num|n)$", "", numbered[1])):
            yield from _numbered(before, int(numbered[2]), numbered[3], names)
    if ending := re.fullmatch(r"(.+?)\s*[(\[（](.+)[)\]）]\W*|(.+)[\s,_:]+(\S+)", heading.strip()):
        base = heading_key(ending[1] or ending[3])
        if base in names and names[base][0].kind in MEASURED:
            yield _Found(_with_unit(names[base][0], ending[2] or ending[4]), names[base][1])
        elif ending[1] and base in names:
            yield _Found(Heading(names[base][0]), names[base][1])


def _numbered(before: str, slot: int, after: str, names: Mapping[str, tuple[Column, int]]) -> Iterator[_Found]:
    for key in (before + after, after if before in names and names[before][0].kind is Kind.PRODUCTS else ""):
        if key in names and (names[key][0] in PRODUCT_COLUMNS or names[key][0].kind in _MANY):
            yield _Found(Heading(names[key][0], slot), names[key][1])


def _with_unit(column: Column, text: str) -> Heading:
    if column.kind is Kind.DAYS:
        return Heading(column, unit=text)
    unit = currency = None
    for part in re.split(r"[\s/]+", text):
        currency = currency or _currency(part)
        unit = unit or (part if unit_name(part) else None)
    return Heading(column, unit=unit, currency=currency)


def _currency(text: str) -> str | None:
    try:
        return currency_code(text)
    except ValueError:
        return None


@cache
def _rank_by_key(columns: tuple[Column, ...]) -> dict[str, tuple[Column, int]]:
    ranks: dict[str, tuple[Column, int]] = {}
    for column in columns:
        for rank, name in enumerate((*column.names, column.name)):
            ranks.setdefault(heading_key(name), (column, rank))
    return ranks


@cache
def _certificates() -> dict[str, Column]:
    return {heading_key(name): Column(name, f"holds {name}", None, Kind.CERTIFICATE) for name in CERTIFICATES}
