"""The columns of an organiser's spreadsheets for a fair: participants, wishes, hours; headings in ten languages."""

from __future__ import annotations

from data.columns import FIRM_COLUMNS, Column, Kind

_FIRM = {column.name: column for column in FIRM_COLUMNS}
_PARTICIPANT = (
    "Participant", "Participant ID", "Who", "Identifiant participant", "Qui", "المشارك", "مشارك", "Participante",
    "Quién", "Teilnehmer", "Teilnehmerin", "Wer", "参展人", "参会者", "参加者", "Partecipante", "Chi",
    "Quem", "Katılımcı",
    "Kim", "Deelnemer", "Wie",
)  # fmt: skip

PARTICIPANT_COLUMNS = (
    Column("id", "identifier; made from firm, name and role where absent", None, Kind.TEXT, (
        *_PARTICIPANT, *(name for name in _FIRM["id"].names if name != "Supplier ID"), "Badge", "Badge number",
    )),
    Column("firm", "the firm", None, Kind.TEXT, (
        *_FIRM["name"].names, "Buyer", "Acheteur", "المشتري", "Comprador", "Einkäufer", "Käufer", "采购商", "买家",
        "Compratore", "Acquirente", "Alıcı", "Koper", "Inkoper",
    )),
    Column("name", "who represents it; the firm where absent", None, Kind.TEXT, (
        "Representative", "Representative name", "Contact", "Contact person", "Full name", "Représentant",
        "Nom du représentant", "Personne de contact", "الممثل", "اسم الممثل", "جهة الاتصال", "Representante",
        "Persona de contacto", "Vertreter", "Ansprechpartner", "Ansprechpartnerin", "代表", "代表姓名", "联系人",
        "Rappresentante", "Referente", "Pessoa de contato", "Pessoa de contacto", "Temsilci",
        "Yetkili", "İlgili kişi",
        "Vertegenwoordiger", "Contactpersoon",
    )),
    Column("role", "buyer or exhibitor", None, Kind.TEXT, (
        "Role", "Participant type", "Type", "Rôle", "Type de participant", "الدور", "الصفة", "نوع المشارك", "Rol",
        "Tipo", "Tipo de participante", "Rolle", "Art", "角色", "类型", "身份", "Ruolo", "Papel", "Função", "Görev",
        "Tür", "Rol deelnemer",
    )),
    Column("person", "who serves it, where one person serves several", None, Kind.TEXT, (
        "Served by", "Shared with", "Sharer", "Person", "Personne", "Servi par", "Partagé avec", "الشخص", "مشترك مع",
        "Persona", "Atendido por", "Compartido con", "Zuständig", "Betreut von", "Geteilt mit", "负责人", "共用人员",
        "Servito da", "Condiviso con", "Pessoa", "Sorumlu kişi", "Paylaşan", "Persoon", "Gedeeld met",
    )),
    Column("exclusive", "yes: whoever meets it meets no other representative of the firm", None, Kind.TEXT, (
        "Exclusive", "Exclusif", "Exclusive representative", "حصري", "Exclusivo", "Exklusiv", "独家", "专属",
        "Esclusivo", "Özel", "Münhasır", "Exclusief",
    )),
    Column("country", "where it comes from", None, Kind.COUNTRY, _FIRM["country"].names),
    Column("languages", "languages it can talk in", None, Kind.LANGUAGES, _FIRM["languages"].names),
    Column("language", "language of its agenda", None, Kind.LANGUAGE, (
        "Agenda language", "Preferred language", "Langue de l'agenda", "Langue préférée", "لغة جدول المواعيد",
        "اللغة المفضلة", "Idioma de la agenda", "Idioma preferido", "Sprache der Agenda", "Bevorzugte Sprache",
        "日程语言", "首选语言", "Lingua dell'agenda", "Lingua preferita", "Idioma da agenda", "Língua preferida",
        "Ajanda dili", "Tercih edilen dil", "Taal van de agenda", "Voorkeurstaal",
    )),
    Column("text", "what it offers or looks for", None, Kind.TEXT, (
        "Text", "Offers", "Looks for", "Looking for", "Interests", "Texte", "Offre", "Recherche", "Intérêts", "العرض",
        "يبحث عن", "الاهتمامات", "Oferta", "Busca", "Intereses", "Angebot", "Sucht", "Interessen", "供应", "求购",
        "采购需求", "Offerta", "Cerca", "Interessi", "Procura", "Interesses", "Teklif", "Arıyor", "İlgi alanları",
        "Aanbod", "Zoekt", "Interesses deelnemer", *_FIRM["description"].names,
    )),
    Column("supplier_id", "its record among the suppliers", None, Kind.TEXT, ("Supplier record",)),
    Column("request_id", "its record among the requests", None, Kind.TEXT, ("Request record", "Request ID")),
    Column("booth", "where it receives; without one it meets at a shared table", None, Kind.TEXT, (
        "Booth", "Stand", "Booth number", "Stand number", "Numéro de stand", "N° de stand", "الجناح", "رقم الجناح",
        "Puesto", "Número de stand", "Messestand", "Standnummer", "展位", "展位号", "Numero stand", "Padiglione",
        "Estande", "Número do estande", "Stant", "Stant no", "Stantnummer",
    )),
    Column("package", "what it bought", None, Kind.TEXT, (
        "Package", "Forfait", "Formule", "الباقة", "Paquete", "Paket", "套餐", "Pacchetto", "Pacote", "Pakket",
    )),
    Column("minimum", "meetings promised to it", "meetings", Kind.WHOLE_NUMBER, (
        "Minimum meetings", "Min meetings", "Minimum", "Minimum de rendez-vous", "Rendez-vous minimum",
        "الحد الأدنى للقاءات", "الحد الأدنى للاجتماعات", "Mínimo de reuniones", "Reuniones mínimas", "Mindestzahl",
        "Mindesttermine", "最少会面", "最少洽谈", "Minimo incontri", "Incontri minimi", "Mínimo de reuniões",
        "En az görüşme", "Asgari görüşme", "Minimum afspraken",
    )),
    Column("maximum", "meetings it holds at most", "meetings", Kind.WHOLE_NUMBER, (
        "Maximum meetings", "Max meetings", "Maximum", "Maximum de rendez-vous", "Rendez-vous maximum",
        "الحد الأقصى للقاءات", "الحد الأقصى للاجتماعات", "Máximo de reuniones", "Reuniones máximas", "Höchstzahl",
        "Höchsttermine", "最多会面", "最多洽谈", "Massimo incontri", "Incontri massimi", "Máximo de reuniões",
        "En çok görüşme", "Azami görüşme", "Maximum afspraken",
    )),
)  # fmt: skip

WISH_COLUMNS = (
    Column("by", "who wishes, by id or name", None, Kind.TEXT, (
        "By", "From", "Wish of", *_PARTICIPANT, "De", "Demandeur", "من", "صاحب الطلب", "Solicitante", "Von",
        "Wunsch von", "申请人", "发起人", "Da", "Richiedente", "Solicitante participante", "İsteyen",
        "Aanvrager", "Van",
    )),
    Column("about", "whom to meet, by id or name", None, Kind.TEXT, (
        "About", "Wants to meet", "To meet", "With", "Partner", "Avec", "Souhaite rencontrer", "Rencontrer", "مع",
        "يريد لقاء", "Con", "Quiere reunirse con", "Mit", "Möchte treffen", "Wunschpartner",
        "想见", "对方", "会见对象",
        "Vuole incontrare", "Com", "Quer encontrar", "İle", "Görüşmek istediği", "Met", "Wil ontmoeten",
    )),
    Column("level", "must, like, met or never", None, Kind.TEXT, (
        "Level", "Wish", "Priority", "Souhait", "Priorité", "الرغبة", "الأولوية", "Deseo", "Prioridad", "Wunsch",
        "Priorität", "意愿", "优先级", "Desiderio", "Priorità", "Desejo", "Prioridade", "İstek", "Öncelik", "Wens",
        "Prioriteit",
    )),
    Column("minutes", "how long it is to last, where not one slot", "minutes", Kind.WHOLE_NUMBER, (
        "Minutes", "Length", "Duration", "Durée", "المدة", "Duración", "Dauer", "时长", "分钟", "Durata", "Duração",
        "Süre", "Duur",
    )),
    Column("starts_at", "when it is to begin, where that is fixed", None, Kind.TEXT, (
        "Starts at", "Fixed at", "Fixed time", "Début fixé", "Heure fixée", "وقت محدد", "Hora fija", "Fester Termin",
        "Fester Beginn", "固定时间", "Orario fisso", "Hora fixa", "Sabit saat", "Vaste tijd",
    )),
    Column("after", "whom the wisher is to meet first", None, Kind.TEXT, (
        "After", "Only after", "Après", "بعد", "Después de", "Nach", "之后", "Dopo", "Depois de", "Sonra", "Na",
    )),
)  # fmt: skip

HOURS_COLUMNS = (
    Column("id", "who, by id or name", None, Kind.TEXT, (*_PARTICIPANT, *_FIRM["id"].names, *_FIRM["name"].names)),
    Column("day", "the day", None, Kind.TEXT, (
        "Day", "Date", "Jour", "اليوم", "التاريخ", "Día", "Fecha", "Tag", "Datum", "日期", "Giorno",
        "Data", "Dia", "Gün",
        "Tarih", "Dag",
    )),
    Column("starts", "from when on that day; from its beginning where absent", None, Kind.TEXT, (
        "From", "Starts", "Start", "De", "Début", "من", "Desde", "Von", "Beginn", "开始", "Dalle", "Inizio", "Das",
        "Início", "Başlangıç", "Van", "Begin",
    )),
    Column("ends", "until when; until its end where absent", None, Kind.TEXT, (
        "Until", "To", "Ends", "End", "À", "Fin", "Jusqu'à", "إلى", "حتى", "Hasta", "Bis", "Ende", "结束",
        "Alle", "Fine",
        "Até", "Fim", "Bitiş", "Tot", "Einde",
    )),
    Column("absent", "present or absent; present where the column is empty", None, Kind.TEXT, (
        "Presence", "Availability", "Status", "Présence", "Disponibilité", "الحضور", "التوفر", "Presencia",
        "Disponibilidad", "Anwesenheit", "Verfügbarkeit", "出席", "可用性", "Presenza", "Disponibilità", "Presença",
        "Disponibilidade", "Katılım", "Uygunluk", "Aanwezigheid", "Beschikbaarheid",
    )),
)  # fmt: skip
