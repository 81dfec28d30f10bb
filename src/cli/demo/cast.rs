//! Invented testimonies for the demo: five languages, no real person, place or event.

/// One testimony as a browser would send it.
pub(super) struct Told {
    /// Path segment of the language.
    pub(super) tag: &'static str,
    /// Names of the form's fields and what is typed into them.
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// Whether the generated photo and recording go with it.
    pub(super) files: Files,
}

/// What is attached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    /// Nothing.
    None,
    /// A generated photo.
    Photo,
    /// A generated photo and a generated recording.
    PhotoAndRecording,
}

/// What the demo's witnesses tell. «Person A», «Village B»: nobody and nowhere.
pub(super) const TOLD: &[Told] = &[
    Told {
        tag: "ky",
        fields: &[
            ("risk", "now"),
            ("risk-flag", "held-now"),
            (
                "story",
                "Ойдон чыгарылган мисал. Түндө үйгө маскачан үч киши кирип, бир тууганым А-ны алып \
                 кетишти. Эки күн кайда экенин билбедик. Үчүнчү күнү аны Б айылынын бөлүмүнөн көрдүм, \
                 бети көгала болчу.",
            ),
            ("knowledge", "saw"),
            ("box", "harm-detention"),
            ("box", "harm-torture"),
            ("role", "family"),
            ("when", "жайында, шейшембиге караган түнү"),
            ("where", "Б айылы"),
            ("affected-1", "бир тууганым, 30 жаш чамасында"),
            ("affected-1-name", "А аттуу киши"),
            ("consent", "case-lawyer"),
            ("ask-first", "yes"),
            ("contact", "site-only"),
        ],
        files: Files::PhotoAndRecording,
    },
    Told {
        tag: "ru",
        fields: &[
            ("risk", "soon"),
            ("risk-flag", "hearing-within-days"),
            (
                "story",
                "Вымышленный пример. Я адвокат по делу. После заседания в коридоре суда ко мне подошли \
                 двое, назвали адрес моих родителей и сказали не приходить в четверг. Пристав стоял \
                 рядом и ничего не сделал.",
            ),
            ("box", "harm-threat"),
            ("box", "harm-trial"),
            ("role", "lawyer"),
            ("when", "в понедельник, около полудня"),
            ("where", "здание суда города Б"),
            ("consent", "case-lawyer"),
            ("consent", "international"),
            ("contact", "site-only"),
        ],
        files: Files::None,
    },
    Told {
        tag: "uz-Cyrl",
        fields: &[
            ("risk", "unsure"),
            (
                "story",
                "Ўйлаб топилган мисал. Уйимиз ёниб кетгандан кейин қўшнилар билан ҳовлини суратга \
                 олдик. Кейин келган одамлар суратларни сўрашди, мен аслини яшириб қўйдим.",
            ),
            ("box", "harm-property"),
            ("role", "self"),
            ("where", "Б қишлоғи"),
            ("evidence", "яна ўнта сурат бор"),
            ("evidence-kept", "опамнинг уйида"),
            ("evidence-risk", "yes"),
            ("consent", "statistics"),
            ("contact", "none"),
        ],
        files: Files::Photo,
    },
    Told {
        tag: "uz-Latn",
        fields: &[
            ("risk", "none"),
            (
                "story",
                "Oʻylab topilgan misol. Men shifoxonada ishlaganman. Bir odamni olib kelishdi, tekshirib \
                 koʻrishga ruxsat berishmadi, yonidagi kishilar xonadan chiqmadi.",
            ),
            ("box", "harm-care"),
            ("role", "medic"),
            ("exam-refused", "yes"),
            ("consent", "court"),
            ("contact", "none"),
        ],
        files: Files::None,
    },
    Told {
        tag: "en",
        fields: &[
            ("risk", "none"),
            (
                "story",
                "Invented example. I observed three hearings in the court of Town B. The defence was not \
                 allowed to call its witnesses. I kept notes on the same day.",
            ),
            ("knowledge", "saw"),
            ("box", "harm-trial"),
            ("role", "eyewitness"),
            ("consent", "publish-anonymous"),
            ("contact", "none"),
        ],
        files: Files::None,
    },
];
