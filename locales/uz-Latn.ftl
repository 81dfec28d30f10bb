### Sandyk: the strings of every page, Uzbek (Latin).
### sign-off: none yet
### The letters of uz-Cyrl.ftl one by one, which a test compares: change that file first.


## Every page

app-title = Nima boʻlganini aytib bering
language-name = Oʻzbekcha
skip-link = Matnga oʻtish
quick-exit = Bu sahifadan darhol chiqish
button-send = Yuborish
back-to-form = Formaga qaytish
answer-yes = Ha
answer-no = Yoʻq
answer-unknown = Bilmayman
short-when = Qachon?
short-where = Qayerda?
organisation-line = Bu saytni yuritayotgan tashkilot: { $name }
contact-line = Biz bilan bogʻlanishning yana bir xavfsiz yoʻli: { $contact }
within-line = Odatda qancha vaqtda oʻqiladi: { $time }
done-support = Yozish ogʻir boʻlgan boʻlsa, gaplashish mumkin boʻlgan joy: { $support }

## Before you start

landing-title = Boshlashdan oldin
landing-control = Nimani aytishni oʻzingiz hal qilasiz. Istalgan savolni oʻtkazib yuborishingiz va istalgan paytda toʻxtashingiz mumkin.
landing-not-authority = Biz militsiya, prokuratura yoki sud emasmiz. Yuborganingiz rasmiy ariza hisoblanmaydi.
landing-no-promise = Uni biz ishonadigan, tayyorgarlikdan oʻtgan odamlar oʻqiydi. Himoya, pul yoki natijani vaʼda qila olmaymiz.
landing-device = Agar telefoningiz yoki kompyuteringizni kimdir tekshirishi mumkin boʻlsa, iloji boʻlsa, boshqa qurilmadan foydalaning. Ishxonadagi kompyuter va internetdan foydalanmang.
landing-no-name = Ismingizni yozish shart emas. Sayt internet manzilingizni (IP) saqlamaydi.
landing-lock-server = Yuborganingizni server qabul qilayotganda shifrlaydi; shu paytda u matnni ochiq holda qayta ishlaydi. Shundan keyin server uni ocha olmaydi, faqat bizning mutaxassislar ocha oladi.
landing-own-words = Oʻz soʻzingiz bilan bir necha jumla yozsangiz kifoya. Ish davom etsa, tayyorgarlikdan oʻtgan odam sizdan hammasini bir marta toʻliq aytib berishingizni soʻrashi mumkin.
landing-stay = «Yuborish» tugmasini bosmaguningizcha hech narsa saqlanmaydi. Bu sahifani yopsangiz, matn yoʻqoladi.
landing-limits = Kichik maydonga taxminan { $small } ta harf, voqea yoziladigan maydonga { $large } ta harf sigʻadi.

## Your safety first

safety-title = Avvalo — sizning xavfsizligingiz
safety-question = Shu voqea tufayli kimdir xavf ostidami?
safety-now = Ha, hozir
safety-soon = Ha, yaqin kunlarda
safety-no = Yoʻq
safety-unsure = Bilmayman
safety-flags = Hozir bulardan birortasi bormi?
safety-held = Kimdir hozir qamoqda
safety-health = Kimgadir tezda shifokor yoki dori kerak
safety-hunger = Kimdir ochlik eʼlon qilgan
safety-hearing = Yaqin kunlarda sud boʻladi
safety-extradition = Kimnidir unga xavfli boʻlgan mamlakatga joʻnatib yuborishlari mumkin
safety-detail = Qanday xavf bor va yordam qachongacha kerak?
safety-not-emergency = Bu shoshilinch yordam xizmati emas. Yozganingiz bir kundan keyin yoki undan ham kechroq oʻqilishi mumkin.

## What happened

story-title = Nima boʻldi?
story-help = Istagan joyingizdan, istagan tilda boshlang. Xatolar muhim emas. Nimani oʻzingiz koʻrib-eshitganingizni, nimani boshqalar aytganini yozsangiz, bizga yordam boʻladi.
story-heavy = Bu haqda yozish ogʻir boʻlishi mumkin. Toʻxtab, dam olishingiz mumkin. Bu sahifa ochiq turganda matn shu yerda qoladi.
knowledge-title = Yozganimning koʻpini
knowledge-lived = oʻzim boshimdan kechirdim
knowledge-saw = oʻz koʻzim bilan koʻrdim
knowledge-heard = oʻz qulogʻim bilan eshitdim
knowledge-told = menga boshqalar aytib berdi
knowledge-inferred = koʻrgan-eshitganimdan tushundim
harm-title = Bulardan qaysi biri boʻldi? Mos kelganlarining hammasini belgilang
harm-torture = Kaltaklash, qiynoq yoki boshqa shafqatsiz muomala
harm-confession = Aybni boʻyniga olishga yoki birovga qarshi koʻrsatuv berishga majburlash
harm-detention = Sababsiz, yashirin yoki advokatsiz ushlab turish
harm-death = Odam halok boʻldi
harm-missing = Odam bedarak yoʻqoldi
harm-sexual = Jinsiy zoʻravonlik yoki tahqirlash (bu yerda tafsilot yozish shart emas)
harm-threat = Guvohga, qarindoshga yoki advokatga tahdid, tazyiq yoki hujum
harm-trial = Adolatsiz sud
harm-care = Tibbiy yordam berilmadi yoki koʻrikka ruxsat etilmadi
harm-property = Uy yoki mol-mulkni yoqib yuborishdi, vayron qilishdi yoki tortib olishdi
harm-extortion = Pul talab qilishdi
harm-ethnic = Bu millati, tili yoki dini sababli boʻldi
harm-other = Boshqa
more-title = Yana aytmoqchi boʻlsangiz
more-help = Quyidagi qismlarning hammasini ochmasangiz ham boʻladi. Faqat javob bermoqchi boʻlganingizni oching.

## You and this story

role-section = Siz va bu voqea
role-title = Bu haqda qayerdan bilasiz?
role-self = Bu mening oʻz boshimdan oʻtdi
role-family = Bu mening oilamdagi odamning boshidan oʻtdi
role-saw = Men buni oʻz koʻzim bilan koʻrdim yoki oʻz qulogʻim bilan eshitdim
role-told = Menga kimdir aytib berdi
role-lawyer = Men bu ish boʻyicha advokatman
role-medic = Men u odamni davoladim yoki koʻrikdan oʻtkazdim
role-helper = Boshqa odamning iltimosiga koʻra uning nomidan yozyapman
role-insider = Men bu voqea boʻlgan joyda ishlaganman
role-no-answer = Javob berishni xohlamayman
behalf-question = Agar bu boshqa odamning boshidan oʻtgan boʻlsa: u bizga yozayotganingizni biladimi va rozimi?
behalf-yes = Ha, rozi
behalf-cannot = Hozir soʻrab boʻlmaydi (qamoqda, bedarak yoki vafot etgan)
behalf-no = Yoʻq, bilmaydi
behalf-child = Bu mening bolam yoki mening qaramogʻimdagi bola
role-read-back = Men matnni u odamga oʻqib berdim, u rozi boʻldi
role-translated = Uning soʻzini tarjima qilgan boʻlsangiz: qaysi tildan?

## When and where

when-section = Qachon va qayerda
when-title = Bu qachon boʻldi?
when-help = Taxminan yozsangiz ham boʻladi: yil, oy, «ushlanganidan ikki kun keyin».
when-date = Sanasi, bilsangiz
when-date-help = Masalan: 2024, yoki 05.2024, yoki 17.05.2024
where-title = Bu qayerda boʻldi?
where-help = Masalan: shahar yoki qishloq, militsiya boʻlimi, sud, qamoqxona, uy.

## If someone was detained

detention-section = Agar kimnidir ushlashgan boʻlsa
detention-taken = Aslida qachon ushlashdi?
detention-registered = Bu rasman qachon yozildi?
detention-released = Qachon qoʻyib yuborishdi?
detention-where = Qayerda ushlab turishdi? Bir necha joyda boʻlsa, tartibi bilan yozing
detention-accused = Nimada ayblashdi?
detention-signed = U biror qogʻozga imzo qoʻydimi?
signed-forced = Imzo qoʻyishga majburlashdi
signed-refused = Imzo qoʻy deyishdi, lekin u qoʻymadi
signed-not-asked = Hech kim imzo qoʻy demadi
signed-unread = Nima ekanini tushunmay imzo qoʻydi
guard-title = Bular boʻldimi?
guard-registered = Ushlangani darhol yozildi
guard-family = Oilasiga aytishdi
guard-lawyer = Birinchi soʻroqqacha advokat keldi
guard-private = Advokat bilan yolgʻiz gaplashishga ruxsat berishdi
guard-doctor = Olib kelishganda shifokor koʻrdi
guard-independent = Mustaqil shifokorni kiritishdi
guard-interpreter = Kerak boʻlsa, tarjimon boʻldi
guard-judge = Qonundagi muddatda sudyaga olib borishdi
guard-recorded = Kaltaklash yoki qiynoq haqida aytganini yozib olishdi

## People

people-section = Odamlar
people-affected = Kim jabr koʻrdi?
people-affected-help = Ismini faqat xavfsiz deb bilsangiz yozing. «Akam», «40 yoshlardagi erkak» deb yozishingiz mumkin.
people-about = U odam haqida oʻz soʻzingiz bilan
people-name = Ismi (qolganidan alohida saqlanadi)
people-age = Yoshi, taxminan
people-child = 18 yoshga toʻlmagan
people-state = U odam haqida hozir nima maʼlum?
state-free = Ozodlikda
state-held = Qamoqda
state-missing = Bedarak
state-dead = Vafot etgan
state-abroad = Chet elda
people-citizenship = Boshqa mamlakat fuqaroligi boʻlsa, qaysi?
people-another = Jabr koʻrgan yana bir odam
people-responsible = Bilsangiz, buni kim qildi yoki kim buyurdi?
people-responsible-help = Hech kimning ismini aytish shart emas. Payqaganingiz muhim: forma, niqob, unvon, xona, mashina, ularga qanday murojaat qilishgani. Buni qayerdan bilishingizni yozing.
people-noticed = Nimani payqadingiz?
people-said = Ular oʻzlarini kim deb aytishdi?
people-kind = Sizningcha, ular kim edi?
by-police = Militsiya
by-security = Xavfsizlik xizmati
by-prison = Qamoqxona yoki SIZO xodimlari
by-prosecutor = Prokuror
by-judge = Sudya
by-plain = Oddiy kiyimdagi odamlar
by-armed = Qurolli odamlar
by-crowd = Olomon
by-unknown = Kimligini bilmayman
people-others = Buni yana kimdir koʻrdimi?
people-others-help = Boshqa guvohlarning ismini ularning roziligisiz yozmang. Necha kishi boʻlgani va kim ekanini yozishingiz mumkin, masalan «qoʻshni».
people-seen = Kim ekani, oʻz soʻzingiz bilan
others-fear = Ular qasos olishlaridan qoʻrqishadi
others-ask = Ular biz bilan gaplashishga rozi boʻlishlari mumkin

## Threats

threat-section = Tahdid va tazyiq
threat-title = Shu ish tufayli kimgadir tahdid yoki hujum qilishganmi, kimnidir kuzatishganmi?
threat-help = Qachon, qayerda, kim va kimga nisbatan: sizga, oilangizga, guvohga, advokatga. Yonida militsiya yoki mansabdor shaxslar boʻlganmi, ular nima qilishdi?
threat-words = Nima deyishdi yoki nima qilishdi, kim?
threat-target = Kimga qarshi?
target-witness = Menga yoki boshqa guvohga
target-family = Qarindoshga
target-held = Qamoqdagi odamga
target-lawyer = Advokatga
threat-officials = Yonida militsiya yoki mansabdor shaxslar boʻlsa: ular nima qilishdi?
officials-helped = Buni toʻxtatishdi
officials-nothing = Qarab turishdi, hech narsa qilishmadi
officials-let = Hujum qilganlarni kiritib yuborishdi
threat-loss = Biror narsani tortib olishdimi yoki yoʻq qilishdimi: qogʻozlar, telefon, kamera?
threat-another = Yana bir tahdid yoki hujum

## Photos, recordings, documents

evidence-title = Suratlar, audio va video yozuvlar, hujjatlar
evidence-help = Hozir hech narsa yuborish shart emas. Nima borligini va u kimda ekanini yozsangiz ham yordam boʻladi.
evidence-known = Hozir yubormasangiz ham, nima bor?
evidence-kept = U qayerda yoki kimda?
evidence-risk = Uni tortib olishlari yoki yoʻq qilishlari mumkin
evidence-files = Shu sahifa oxirida fayl tanlasangiz
evidence-show = Ularda nima bor?
evidence-source = Ular sizga qayerdan kelgan?
origin-me = Oʻzim suratga oldim yoki yozdim
origin-maker = Ularni suratga olgan yoki yozgan odam berdi
origin-other = Boshqa odam berdi
origin-internet = Internetdan
origin-case = Ish qogʻozlaridan
origin-found = Topib oldim
evidence-made = Ular qachon olingan yoki yozilgan?
evidence-unedited = Bu oʻzgartirilmagan asl nusxami?

## Injuries and health

medical-title = Jarohatlar va sogʻliq
medical-help = Jarohatlar, keyingi ahvol, davolanish. Faqat xohlaganingizni yozing.
medical-words = Oʻz soʻzingiz bilan
medical-urgent = Hozir dori yoki davolash kerakmi? Qaysi?
medical-examined = Jarohatlarni shifokor koʻrdimi, xulosa yozdimi?
medical-guards = Xonada militsiya yoki qoʻriqchilar boʻlganmi?
medical-paper = Shifokorning qogʻozi bormi?
paper-have = Ha, menda
paper-exists = Ha, lekin menda emas
paper-none = Qogʻoz yoʻq
medical-refused = Shifokor koʻrigini soʻrashdi, lekin ruxsat berishmadi

## Was it reported

report-title = Bu haqda biror joyga murojaat qilinganmi?
report-help = Masalan: militsiya, prokuratura, sud, ombudsman (Akiykatchi), advokat, BMT, boshqa tashkilot. Bilsangiz: sanasi, roʻyxatga olish raqami, javobi.
report-words = Qayerga murojaat qilishdi, qanday javob olishdi?
report-number = Roʻyxatga olish raqami
report-fear = Qoʻrqqanlari uchun murojaat qilishmagan

## What may we do with it

consent-title = Yuborganingiz bilan nima qilsak boʻladi?
consent-help = Hech narsa belgilamasangiz yoki birinchi qatorni belgilasangiz, biz uni faqat saqlaymiz. Tanlovingizni keyin maxfiy kod bilan oʻzgartira olasiz. Eʼlon qilingan yoki topshirilgan narsani qaytarib olib boʻlmaydi.
consent-keep = Hozircha faqat saqlang, boshqa hech narsa qilmang
consent-count = Umumiy sonlarda hisobga olish
consent-publish = Ochiq hisobotlarda ismsiz va odamni tanib olishga imkon beradigan tafsilotlarsiz foydalanish
consent-lawyer = Bu ishni yuritayotgan advokatga koʻrsatish
consent-un = BMTga yoki boshqa xalqaro organlarga yuborish
consent-court = Sudda foydalanish
consent-state = Mamlakatning davlat organlariga yuborish
consent-state-sure = Davlat organlariga yuborishga aniq roziman (faqat ikkala qator belgilansa hisobga olinadi)
consent-ask = Har safar avval mendan soʻrash
consent-condition = Shartingiz, masalan: «faqat u ozod boʻlgandan keyin»

## May we write back

contact-title = Sizga javob yozsak boʻladimi?
contact-help = Maxfiy kodingiz bilan bu saytga qaytib, javob bor-yoʻqligini koʻra olasiz. Javob uzoq kechikishi yoki kelmay qolishi mumkin.
contact-site = Ha, faqat shu saytda, maxfiy kodim orqali (eng xavfsiz yoʻl)
contact-other = Ha, men uchun xavfsiz boʻlgan boshqa yoʻl bilan
contact-none = Yoʻq
contact-apart = Ismlar va aloqa yoʻllari qolganidan alohida shifrlanadi. Ularni faqat alohida ishonch bildirilgan bir necha odam ocha oladi.
contact-way = Siz uchun qaysi yoʻl xavfsiz?
contact-when = Qachon xavfsiz?
contact-sign = Biz ekanimizni tanish uchun belgi
contact-name = Ismingiz, aytishni istasangiz
wish-section = Buni kim oʻqisin
wish-gender = Buni oʻqigani maʼqul
wish-woman = ayol kishi
wish-man = erkak kishi
wish-lang = Oʻqiydigan odam qaysi tilni bilsin?
wish-note = Buni kim oʻqimasligi kerak? Masalan, shahringizdan kimdir

## Files and sending

files-title = Fayllar
evidence-hidden = Fayllarda koʻpincha yashirin maʼlumot boʻladi: joy, vaqt, qurilma. U faylning haqiqiyligini isbotlashga yordam beradi, lekin sizni ham koʻrsatib qoʻyishi mumkin. Uni faqat bizning mutaxassislar koʻradi.
evidence-original = Xavfsiz boʻlsa, faylning asl nusxasini yuboring. Uni oʻzgartirmang, qirqmang va nomini almashtirmang.
evidence-later = Matnni hozir, katta fayllarni keyin boshqa joydan yuborsangiz boʻladi. Uzoq davom etgan yuborishni aloqangizni kuzatayotgan odam sezib qolishi mumkin.
evidence-choose = Fayllarni tanlash
evidence-limit = { $count } tagacha fayl, har biri koʻpi bilan { $each } MB, jami { $size } MB.
proof-title = Buni olganimizning isboti
proof-tick = Menga imzolangan isbotni koʻrsating
proof-help = Bu kam odamga kerak. U bilan keyin buni olganimizni isbotlash mumkin. Isbotni kim topsa, uning egasi bizga yozganini koʻradi. Faylni yaxshi yashira olsangizgina tanlang.
send-title = Tekshirib, yuborish
send-note = Tekshirish uchun sahifani yuqoriga suring. Yuborilganni oʻzgartirib boʻlmaydi, lekin maxfiy kod bilan qoʻshimcha qilish yoki toʻgʻrilash mumkin.
send-wait = Yuborish uzoq davom etishi mumkin. Maxfiy kodingiz chiqqan sahifa ochilguncha kuting.

## After sending: the secret code

receipt-title = Maxfiy kodingiz
receipt-thanks = Yuborganingizni oldik. Endi u shifrlangan.
receipt-help = Bu { $count } ta raqamni qogʻozga yozib, hech kim qaramaydigan joyda saqlang. Faqat shu kod bilan bu saytga qaytib, javobni oʻqish va yana yozish mumkin. Biz kodni tiklay olmaymiz. Uni suratga olmang va telefoningizda saqlamang.
receipt-once = Bu sahifani { $minutes } daqiqa davomida ochish mumkin, lekin faqat quyidagi tugma bosilguncha.
receipt-done = Kodni yozib oldim. Sahifani yopish
receipt-cut = Soʻzlaringizni oldik. Bu fayllar toʻliq yetib kelmadi:
file-cut = faqat boshi yetib keldi
file-missing = yetib kelmadi
file-number = { $n }-fayl
file-fate = { $name }: { $fate }
receipt-cut-help = Bu fayllarni qayta, alohida yuborishingiz mumkin.
proof-keep = Bu yuborganingizni olganimizni isbotlaydi. Matnning hammasini faylga koʻchirib, yaxshi yashiring. Uni kim topsa, bizga yozganingizni koʻradi. Bu matn qayta koʻrsatilmaydi.
spare-title = Agar sizni kod koʻrsatishga majburlashlari mumkin boʻlsa
spare-help = Bu kodlar siznikiga oʻxshaydi, lekin ular bilan hech narsa yuborilmagan. Birini yozib olib, oʻzingiznikining oʻrniga koʻrsatishingiz mumkin. Haqiqiy kodingiz yozilgan qogʻoz topilsa, bu yordam bermaydi.

## Coming back: the mailbox of a code

mailbox-title = Javobni oʻqish yoki yana yozish
mailbox-intro = Ilgari bizga yozgan boʻlsangiz, maxfiy kodingizni shu yerga yozing: raqamlarni yoki soʻzlar berilgan boʻlsa, soʻzlarni. Boʻshliqlar va chiziqchalar ahamiyatsiz.
mailbox-code = Maxfiy kodingiz, raqamlar yoki soʻzlar
mailbox-open = Ochish
mailbox-live = Ochish uchun server kodingizni bir lahza ochiq koʻradi, keyin unutadi. Shu paytda serverni kimdir qoʻlga olgan boʻlsa, u kodni bilib, sizga yozilgan javoblarni oʻqiy oladi.
mailbox-typo = Bu kodda xato bor. Hech narsa ochilmadi. Uni yozib olganingiz bilan solishtiring.
mailbox-length = Kodda 27 ta raqam yoki 8 ta soʻz boʻladi. Bu yerda undan kam yoki koʻp. Hech narsa ochilmadi.
mailbox-meant = Shu kodni yozmoqchimidingiz? Uni yozib olganingiz bilan solishtiring.
mailbox-meant-yes = Ha, bu mening kodim
mailbox-again = Unday boʻlmasa, shu yerda toʻgʻrilang
waiting-title = Biroz kuting
waiting-place = Ochish biroz vaqt oladi. Sizdan oldin kutayotganlar: { $count }.
waiting-again = Bu sahifa bir necha soniyada bir oʻzi qayta qaraydi. Pastdagi qatorni bossangiz ham boʻladi.
waiting-look = Hozir qayta qarash
box-title = Sizga yozilgan javoblar
box-nothing = Bu yerda hech narsa yoʻq yoki kod xato yozilgan. Bizga shu kod bilan yozgan boʻlsangiz, javob keyin kelishi mumkin. Bir necha kundan keyin yana qarang.
box-blind = Bu server javoblarni koʻrsata olmaydigan qilib oʻrnatilgan. Sizga javob bor-yoʻqligi bu yerdan koʻrinmaydi.
box-blind-ask = Javob olish uchun biz bilan oʻzingiz uchun xavfsiz boshqa yoʻl orqali bogʻlaning. Yana yozish, tuzatish, nimaga ishlatish mumkinligini oʻzgartirish va qaytarib olish bu yerda avvalgidek mumkin.
box-answer = { $n }-javob
box-forged-title = Bizdan emas
box-forged = Bu yerda bizning mutaxassislar sizga yozmagan narsa yotibdi. U koʻrsatilmaydi, chunki tuzoq boʻlishi mumkin.
box-cut = Javob bu sahifaga sigʻmaydi. Oxiri koʻrsatilmagan.
box-delete = Oʻchirish
box-deleted = U oʻchirildi, uni tiklab boʻlmaydi.
box-undeleted = Server uni oʻchira olmadi. U hali ham shu yerda. Yana urinib koʻring.
box-unread = Server hozir javoblarni qaray olmadi. Bir necha daqiqadan keyin yana urinib koʻring.
box-sent = Biz uni oldik. Kodingiz oʻshanday qoladi.
box-older = Oldingi javoblar
box-newest = Eng yangi javoblar
box-do = Nima qila olasiz
box-leave = Sahifani yopib, chiqish
box-back = Javoblarga qaytish
write-title = Yana yozish yoki fayl yuborish
write-help = Hozir yuborganingiz oldin yuborganingizga qoʻshiladi. Hech narsa almashtirilmaydi.
correct-title = Yozganimni toʻgʻrilash
correct-help = Nima notoʻgʻri boʻlganini va qanday boʻlganini yozing. Avval yuborganingiz bizda qoladi, toki hech kim u boʻlmagan deya olmasin.
change-title = U bilan nima qilish mumkinligini oʻzgartirish
change-help = Bu yerda belgilaganingiz oldin belgilaganlaringizning hammasini almashtiradi. Server tanlovingizni bilmaydi, shuning uchun belgilar boʻsh. Hech narsa belgilamasangiz yoki birinchi qatorni belgilasangiz, biz uni faqat saqlaymiz. Eʼlon qilingan yoki topshirilgan narsani qaytarib olib boʻlmaydi.
withdraw-title = Yuborganimni qaytarib olish
withdraw-help = Bizning mutaxassislar buni oʻqigach, undan foydalanishni toʻxtatadi. 14 kundan keyin uni butunlay yoʻq qila oladi. Ungacha fikringiz oʻzgarsa, yana yoza olasiz. Eʼlon qilingan yoki topshirilgan narsani qaytarib olib boʻlmaydi, fayllar qaytarib yuborilmaydi.
withdraw-words = Qoʻshimcha qilmoqchi boʻlsangiz
free-title = Buni erkin aytyapsizmi?
free-help = Biz buni hammadan soʻraymiz. Baʼzilarni oʻz soʻzidan voz kechishga majburlashadi. Erkin boʻlmasangiz, bu iltimosingizga ehtiyotkorlik bilan qaraymiz. Boʻsh qoldirsangiz boʻladi.
free-words = Kimdir sizni majburlagan boʻlsa: kim va qanday?
code-before = Oldin yozganman: maxfiy kodim
code-before-help = Raqamlar yoki soʻzlar. Birinchi marta yozayotgan boʻlsangiz, boʻsh qoldiring: sizga kod beriladi.
error-code = Maxfiy kodingizda xato bor. Uni yozib olganingiz bilan solishtiring. Maydonni boʻshatsangiz, yangi kod olasiz.
error-visit = Sizga yozilgan javoblar sahifasi shu orada yopildi. Matningiz shu yerda. Sahifa oxiriga kodingizni yozsangiz, u oldin yuborganingizga qoʻshiladi.
receipt-same = U siz yozgan kod bilan saqlandi. Kodingiz oʻshanday qoladi.
receipt-words = Shu kodning oʻzi soʻzlar bilan. Raqamlar yoki soʻzlar yetarli.

## The page was shown once

gone-title = Bu sahifa yopildi
gone-text = U faqat qisqa vaqtga ochilgan edi. Maxfiy kodingiz boʻlsa, yuborganingiz qabul qilingan. Kodni koʻrmagan boʻlsangiz, yetib kelgan-kelmaganini bu yerda ayta olmaymiz. Unda yana bir marta yuborgan maʼqul.

## Leaving safely

leave-title = Xavfsiz chiqish
leave-tor = Tor Browser dasturida «New Identity» tugmasini tanlang. U hamma sahifalarni yopib, unutadi.
leave-other = Boshqa brauzer boʻlsa, uning hamma oynalarini yopib, bugungi tarixini oʻchiring.
leave-phone = Telefonda brauzerni oxirgi ilovalar roʻyxatidan ham olib tashlang.
leave-copies = Yuborgan fayllaringiz qurilmangizda qoldi. Boshqa joydan koʻchirgan matn ham qoldi.
leave-paper = Maxfiy kodni yozib olgan boʻlsangiz, qogʻozni olib keting.
leave-limits = Bu saytga kirganingizni aloqangizni kuzatayotgan yoki qurilmangizni nazorat qilayotgan odamdan yashira olmaymiz.
leave-neutral = Boshqa saytga oʻtish: Vikipediya

## What happens to what I send

about-title = Yuborganim nima boʻladi
about-readers = Soʻzlaringizni shu tashkilotning tayyorgarlikdan oʻtgan mutaxassislari oʻqiydi, fayllaringizni ham ular ochadi. Har birining oʻz kaliti bor.
about-keeps = Server yuborganingizni faqat shifrlangan holda saqlaydi. Yoniga qaysi haftada kelganini va hajmini belgilaydi. Koʻpi bilan bir soatdan keyin uning diskidagi fayllar vaqti ham bundan aniqroq hech narsani koʻrsatmaydi. Internet manzilingizni va brauzeringizni yozmaydi.
about-taken = Serverni keyin kimdir qoʻlga olsa, oldin yuborilganni ocha olmaydi. Siz yuborayotganda qoʻlga olsa, yuborayotganingizni oʻqiy oladi.
about-watched = Aloqangizni kuzatayotgan odam Tor ishlatganingizni, qachon va qancha hajm yuborganingizni koʻradi. Nima yuborganingizni koʻrmaydi.
about-only = Maxfiy kodingiz bilan qaytib, javobni oʻqiy, qoʻshimcha qila, toʻgʻrilay, nima qilish mumkinligini oʻzgartira yoki qaytarib ola olasiz. Javoblarni ochish uchun server kodingizni bir lahza ochiq koʻradi. Shu paytda serverni kimdir qoʻlga olgan boʻlsa, u kodni bilishi mumkin.

## When something goes wrong: the form with the text in it

error-title = Yuborilmadi
error-again = Matningiz shu sahifada turibdi. Uni tekshirib, «Yuborish» tugmasini yana bosing.
error-files = Fayl tanlagan boʻlsangiz, sahifa oxirida ularni yana tanlang.
error-long = Bu javob oʻz maydoniga sigʻmaydi. Uni qisqartiring yoki bir qismini boshqa maydonga yozing.
error-cut = Bu javob maydondan ancha uzun ekan. Bu yerda faqat uning boshi qoldi; qayerda uzilganini tekshiring.
error-much = Hamma javoblar birgalikda juda uzun. Hozir bir qismini, qolganini alohida yuboring.
error-many = Bu savolda juda koʻp belgi qoʻyilgan.
error-twice = Bu javob ikki marta keldi. Bu yerda birinchisi turibdi.
error-choice = Brauzeringiz bu savolda yoʻq javobni yubordi. Qayta tanlang.
error-unknown = Brauzeringiz bu sahifada yoʻq narsani yubordi. Javoblaringizni tekshiring.
error-empty = Bu yerda hali oʻqiydigan hech narsa yoʻq. Bir necha soʻz yozing yoki fayl tanlang.
error-order = Brauzeringiz javoblarni boshqa tartibda yubordi. Yana bir marta urinib koʻring yoki Tor Browser ishlating.
error-busy = Hozir koʻp odam yuboryapti. Bir daqiqa kutib, qayta yuboring.
error-failed = Serverda xatolik yuz berdi, u yuborganingizni saqlay olmadi. Bir necha daqiqadan keyin yana urinib koʻring.
error-closed = Sayt hozir yopiq, hech narsa qabul qila olmaydi. Bir necha soatdan keyin yana urinib koʻring. Siz uchun xavfsiz boʻlsa, matningiz nusxasini saqlab qoʻying.
error-full = Serverda hozir joy qolmagan, yangi hech narsani saqlay olmaydi. Bir necha soatdan keyin yana urinib koʻring. Siz uchun xavfsiz boʻlsa, matningiz nusxasini saqlab qoʻying.

## When something goes wrong: other pages

retry = Yana urinib koʻrish
nothing-kept = Hech narsa saqlanmadi.
copy-text = Brauzerda «Orqaga» tugmasini bosing. Matningiz oʻsha yerda boʻlsa, u sahifani yopishdan oldin koʻchirib oling.
broken-title = Toʻliq yetib kelmadi
broken-text = Aloqa uzildi yoki brauzeringiz oʻqib boʻlmaydigan narsa yubordi. Yana urinib koʻring.
busy-title = Sayt hozir band
busy-text = Shu paytda koʻp odam yuboryapti. Bir daqiqa kutib, yana urinib koʻring.
missing-title = Bunday sahifa yoʻq
missing-text = Manzil xato yozilgan boʻlishi mumkin. Forma birinchi sahifada turibdi.
method-title = Bu sahifadan bunday foydalanib boʻlmaydi
method-text = Brauzeringiz bu manzil qilmaydigan narsani soʻradi. Forma birinchi sahifada turibdi.
offline-title = Bu sayt hozir hech narsa qabul qila olmaydi
offline-text = Hech narsa saqlanmadi. Bir necha kundan keyin yana kiring.
