### Sandyk: the strings of every page, English. This file is the source of the others.
### sign-off: source language
### Plain words, short sentences, no blame, no word that a police file would use for what the witness sends.


## Every page

app-title = Tell us what happened
language-name = English
skip-link = Go to the text
quick-exit = Leave this page now
button-send = Send
back-to-form = Back to the form
answer-yes = Yes
answer-no = No
answer-unknown = I do not know
short-when = When?
short-where = Where?
organisation-line = This site is run by: { $name }
contact-line = Another safe way to reach us: { $contact }
within-line = How soon it is usually read: { $time }
done-support = If writing this was hard, you can talk to: { $support }

## Before you start

landing-title = Before you start
landing-control = You decide what to tell. You can skip any question and stop at any time.
landing-not-authority = We are not the police, a prosecutor or a court. Sending this is not an official complaint.
landing-no-promise = Trained people whom we trust will read it. We cannot promise protection, money or a result.
landing-device = If someone may check your phone or computer, use another device if you can. Do not use a computer or internet connection at work.
landing-no-name = You do not have to give your name. This site does not store your internet address.
landing-lock-server = What you send is locked (encrypted) by the server as it arrives; for a moment the server handles it unlocked. After that the server cannot open it; only our reviewers can.
landing-own-words = A few sentences in your own words are enough. If the case goes further, a trained person may ask you to tell it once in full.
landing-stay = Nothing is saved until you press “Send”. If you close this page, the text is gone.
landing-limits = A small box holds about { $small } letters, the box for your story about { $large }.

## Your safety first

safety-title = Your safety first
safety-question = Is anyone in danger because of this?
safety-now = Yes, right now
safety-soon = Yes, in the coming days
safety-no = No
safety-unsure = I am not sure
safety-flags = Is any of this true now?
safety-held = Someone is in detention now
safety-health = Someone urgently needs a doctor or medicine
safety-hunger = Someone is on hunger strike
safety-hearing = A court hearing is in the coming days
safety-extradition = Someone may be sent to a country where they are in danger
safety-detail = What is the danger, and by when is help needed?
safety-not-emergency = This is not an emergency service. It may take a day or longer before someone reads it.

## What happened

story-title = What happened?
story-help = Start wherever you like, in any language. Spelling does not matter. It helps if you say what you saw or heard yourself and what others told you.
story-heavy = This can be hard to write about. You can stop and rest. The text stays here while this page is open.
knowledge-title = Most of what I wrote
knowledge-lived = I went through myself
knowledge-saw = I saw with my own eyes
knowledge-heard = I heard with my own ears
knowledge-told = others told me
knowledge-inferred = I understood from what I saw or heard
harm-title = Which of these happened? Choose any that fit
harm-torture = Beating, torture or other cruel treatment
harm-confession = Being forced to confess or to testify against someone
harm-detention = Being held without reason, in secret, or without a lawyer
harm-death = A person died
harm-missing = A person is missing
harm-sexual = Sexual violence or humiliation (no details are needed here)
harm-threat = Threats, pressure or attacks on a witness, relative or lawyer
harm-trial = An unfair trial
harm-care = Medical care or an examination was refused
harm-property = A home or property was burned, destroyed or taken
harm-extortion = Money was demanded
harm-ethnic = It happened because of ethnicity, language or religion
harm-other = Something else
more-title = If you want to say more
more-help = Every part below can stay closed. Open only what you want to answer.

## You and this story

role-section = You and this story
role-title = How do you know about this?
role-self = It happened to me
role-family = It happened to someone in my family
role-saw = I saw or heard it myself
role-told = Someone told me about it
role-lawyer = I am a lawyer in the case
role-medic = I treated or examined the person
role-helper = I am writing for another person, at their request
role-insider = I worked in the place where it happened
role-no-answer = I prefer not to say
behalf-question = If it happened to another person: do they know that you are writing to us, and do they agree?
behalf-yes = Yes, they agree
behalf-cannot = They cannot be asked now (in detention, missing, or no longer alive)
behalf-no = No, they do not know
behalf-child = It is my child, or a child in my care
role-read-back = I read the text aloud to the person, and they agreed with it
role-translated = If you translated their words: from which language?

## When and where

when-section = When and where
when-title = When did it happen?
when-help = A rough time is fine: a year, a month, “two days after the arrest”.
when-date = The date, if you know it
when-date-help = For example 2024, or 05.2024, or 17.05.2024
where-title = Where did it happen?
where-help = For example: a town or village, a police station, a court, a prison, a home.

## If someone was detained

detention-section = If someone was detained
detention-taken = When were they really detained?
detention-registered = When was it officially written down?
detention-released = When were they released?
detention-where = Where were they held? If in several places, write them in order
detention-accused = What were they accused of?
detention-signed = Did they sign any papers?
signed-forced = They were forced to sign
signed-refused = They were asked to sign and refused
signed-not-asked = Nobody asked them to sign
signed-unread = They signed without understanding what it was
guard-title = Did this happen?
guard-registered = The detention was written down at once
guard-family = The family was told
guard-lawyer = A lawyer was there before the first questioning
guard-private = They could talk to the lawyer alone
guard-doctor = A doctor examined them on arrival
guard-independent = An independent doctor was let in
guard-interpreter = There was an interpreter, if one was needed
guard-judge = They were brought to a judge in the time set by law
guard-recorded = What they said about beating or torture was written down

## People

people-section = People
people-affected = Who was harmed?
people-affected-help = Write a name only if you feel that it is safe. You can write “my brother”, “a man of about 40”.
people-about = About the person, in your own words
people-name = Name (kept apart from the rest)
people-age = Age, roughly
people-child = Younger than 18
people-state = What is known about this person now?
state-free = Is free
state-held = Is in detention
state-missing = Is missing
state-dead = Is no longer alive
state-abroad = Is abroad
people-citizenship = Citizenship of another country, if any
people-another = One more person who was harmed
people-responsible = Who did this or gave the order, if you know?
people-responsible-help = You do not have to name anyone. What you noticed is useful: uniform, mask, rank, office, car, what others called them. Say how you know it.
people-noticed = What did you notice?
people-said = Who did they say they were?
people-kind = Who were they, in your view?
by-police = Police
by-security = Security service
by-prison = Prison staff
by-prosecutor = A prosecutor
by-judge = A judge
by-plain = People in plain clothes
by-armed = Armed people
by-crowd = A crowd
by-unknown = I do not know who
people-others = Did anyone else see it?
people-others-help = Please do not write other witnesses’ names unless they agree. You can say how many there were and who they are, for example “a neighbour”.
people-seen = Who, in your own words
others-fear = They fear revenge
others-ask = They may agree to talk to us

## Threats

threat-section = Threats and pressure
threat-title = Has anyone been threatened, followed or attacked because of this case?
threat-help = When, where, by whom, and who was targeted: you, your family, a witness, a lawyer. Were police or officials present, and what did they do?
threat-words = What was said or done, and by whom?
threat-target = Against whom?
target-witness = Me or another witness
target-family = A relative
target-held = A person in detention
target-lawyer = A lawyer
threat-officials = If police or officials were there: what did they do?
officials-helped = They stopped it
officials-nothing = They were there and did nothing
officials-let = They let the attackers in
threat-loss = Was something taken or destroyed: papers, a phone, a camera?
threat-another = One more threat or attack

## Photos, recordings, documents

evidence-title = Photos, recordings, documents
evidence-help = You do not have to send anything now. It also helps to tell us what exists and who keeps it.
evidence-known = What exists that you are not sending now?
evidence-kept = Where is it, or who keeps it?
evidence-risk = It may be taken away or destroyed
evidence-files = If you choose files at the end of this page
evidence-show = What do they show?
evidence-source = Where do they come from?
origin-me = I made them myself
origin-maker = I got them from the person who made them
origin-other = I got them from someone else
origin-internet = From the internet
origin-case = From the papers of the case
origin-found = I found them
evidence-made = When were they made?
evidence-unedited = Are they original files, not edited?

## Injuries and health

medical-title = Injuries and health
medical-help = Injuries, how the person felt afterwards, and treatment. Write only what you want to.
medical-words = In your own words
medical-urgent = Is medicine or treatment needed now? Which?
medical-examined = Did a doctor examine the injuries or write a report?
medical-guards = Were police or guards in the room?
medical-paper = Is there a doctor’s paper?
paper-have = Yes, I have it
paper-exists = Yes, but I do not have it
paper-none = There is no paper
medical-refused = An examination was asked for and refused

## Was it reported

report-title = Has this been reported to anyone?
report-help = For example: police, prosecutor, court, ombudsman, a lawyer, the UN, another organisation. If you know: the date, the registration number, the answer.
report-words = To whom, and what was the answer?
report-number = Registration number
report-fear = It was not reported because people were afraid

## What may we do with it

consent-title = What may we do with what you sent?
consent-help = If you tick nothing, or tick the first line, we only keep it safe. You can change this later with your secret code. What has been published or handed over cannot be taken back.
consent-keep = For now, only keep it safe and do nothing else
consent-count = Count it in overall numbers
consent-publish = Use it in public reports, without names and without details that point to a person
consent-lawyer = Show it to a lawyer working on this case
consent-un = Send it to the United Nations or other international bodies
consent-court = Use it in a court case
consent-state = Send it to the national authorities
consent-state-sure = I am sure about the national authorities (it counts only if both lines are ticked)
consent-ask = Ask me first, every time
consent-condition = A condition, for example: “only after he is free”

## May we write back

contact-title = May we write back to you?
contact-help = With your secret code you can come back to this site and see whether there is an answer. An answer may take long, or never come.
contact-site = Yes, only on this site, with my secret code (safest)
contact-other = Yes, in another way that is safe for me
contact-none = No
contact-apart = Names and contacts are locked apart from the rest. Only a few people with special trust can open them.
contact-way = Which way is safe for you?
contact-when = When is it safe?
contact-sign = A sign by which you will know that it is us
contact-name = Your name, if you want to give it
wish-section = Who should read it
wish-gender = I would rather have it read by
wish-woman = a woman
wish-man = a man
wish-lang = Which language should the reader know?
wish-note = Who should not read it? For example, someone from your town

## Files and sending

files-title = Files
evidence-hidden = Files often contain hidden details such as place, time and device. They can help to prove that a file is real, but they can also point to you. Only our reviewers can see them.
evidence-original = If it is safe, send the original file. Please do not edit, crop or rename it.
evidence-later = You can send the text now, and large files later from another place. A long upload can be noticed by whoever watches your connection.
evidence-choose = Choose files
evidence-limit =
    Up to { $count ->
        [one] { $count } file
       *[other] { $count } files
    }, each up to { $each } MB, { $size } MB in all.
proof-title = Proof that we received it
proof-tick = Show me a signed note that this came in
proof-help = Few people need this. With it you could prove later that we received this. Whoever finds the note sees that its owner wrote to us. Choose it only if you can hide a file well.
send-title = Check and send
send-note = Scroll up to check. What was sent cannot be changed, but with your secret code you can add to it or correct it.
send-wait = Sending can take a long time. Wait for the page with your secret code.

## After sending: the secret code

receipt-title = Your secret code
receipt-thanks = We have received it. It is locked now.
receipt-help =
    Write { $count ->
        [one] this { $count } digit
       *[other] these { $count } digits
    } on paper and keep it where no one looks. With this code alone you can come back to this site, read an answer and write again. We cannot restore it. Do not photograph it or keep it on your phone.
receipt-once = This page can be opened for { $minutes } minutes, or until you press the button below.
receipt-done = I have written it down. Close this page
receipt-cut = Your words were received. These files did not arrive whole:
file-cut = only the beginning arrived
file-missing = did not arrive
file-number = File { $n }
file-fate = { $name }: { $fate }
receipt-cut-help = You can send these files again separately.
proof-keep = This note shows that we received what you sent. Copy all of it into a file and hide it well. Whoever finds it sees that you wrote to us. It is not shown again.
spare-title = If someone could force you to show a code
spare-help = These codes look like yours, but nothing was sent with them. You can write one of them down and show it instead. It does not help if the paper with your real code is found.

## Coming back: the mailbox of a code

mailbox-title = Read an answer or write again
mailbox-intro = If you wrote to us before, type your secret code here: the digits, or the words if you were given words. Spaces and dashes do not matter.
mailbox-code = Your secret code, digits or words
mailbox-open = Open
mailbox-live = To open it, the server handles your code unlocked for a moment and then forgets it. If someone has taken over the server at that moment, they can learn the code and read the answers to you.
mailbox-typo = There is a mistake in this code. Nothing was opened. Compare it with what you wrote down.
mailbox-length = A code has 27 digits or 8 words. Here there are fewer, or more. Nothing was opened.
mailbox-meant = Did you mean this code? Compare it with what you wrote down.
mailbox-meant-yes = Yes, this is my code
mailbox-again = If not, correct it here
waiting-title = Please wait
waiting-place = Opening takes a moment. Waiting before you: { $count }.
waiting-again = This page looks again by itself every few seconds. You can also press the line below.
waiting-look = Look again now
box-title = Answers to you
box-nothing = There is nothing here, or the code is mistyped. If you wrote to us with this code, an answer may still come. You can look again in a few days.
box-blind = This server was set up so that it cannot show answers. Whether there is an answer for you cannot be seen here.
box-blind-ask = To get an answer, ask us in another way that is safe for you. You can still write more, correct, change what may be used, and withdraw here.
box-answer = Answer { $n }
box-forged-title = Not from us
box-forged = Something lies here that our reviewers did not write to you. It is not shown, because it may be a trap.
box-cut = The answer is longer than this page. Its end is not shown.
box-delete = Delete
box-deleted = It was deleted and cannot be brought back.
box-undeleted = The server could not delete it. It is still here. Please try again.
box-unread = The server could not look for answers just now. Please try again in a few minutes.
box-sent = We have received it. Your code stays the same.
box-older = Older answers
box-newest = Newest answers
box-do = What you can do
box-leave = Close this page and leave
box-back = Back to the answers
write-title = Write again or send files
write-help = What you send now is added to what you sent before. Nothing of it is replaced.
correct-title = Correct what I wrote
correct-help = Say what was not right and how it was. What you sent first stays with us, so that nobody can say it was never there.
change-title = Change what may be done with it
change-help = What you tick here replaces everything that you ticked before. The boxes are empty because this server does not know what you chose. If you tick nothing, or tick the first line, we only keep it safe. What has been published or handed over cannot be taken back.
withdraw-title = Withdraw what I sent
withdraw-help = Our reviewers will stop using it when they read this. After 14 days they can destroy it for good. Until then you can write again if you change your mind. What has been published or handed over cannot be taken back, and files are not sent back.
withdraw-words = If you want to add something
free-title = Are you free to say this?
free-help = We ask everyone. Some people are forced to take their words back. If you are not free, we take care with what you ask here. You can leave it empty.
free-words = If someone pressed you: who, and how?
code-before = I wrote before: my secret code
code-before-help = Digits or words. Leave it empty if you write for the first time; you will then get a code.
error-code = There is a mistake in your secret code. Compare it with what you wrote down. If you empty the box, you will get a new code.
error-visit = The page with the answers to you was closed meanwhile. Your text is here. Type your code at the end of this page, and it is added to what you sent before.
receipt-same = It is kept under the code that you typed. Your code stays the same.
receipt-words = The same code in words. The digits or the words are enough.

## The page was shown once

gone-title = This page is closed
gone-text = It was open only for a short time. If you have your secret code, what you sent was received. If you did not see a code, we cannot tell you here whether it arrived. Then it is better to send it once more.

## Leaving safely

leave-title = Leave safely
leave-tor = In Tor Browser, choose “New Identity”. It closes all pages and forgets them.
leave-other = In another browser, close all its windows and delete today’s history.
leave-phone = On a phone, also remove the browser from the list of recent apps.
leave-copies = Files that you sent are still on your device. So is text that you copied from another place.
leave-paper = If you wrote down a secret code, take the paper with you.
leave-limits = This does not hide your visit from someone who watches your connection or controls your device.
leave-neutral = Go to another site: Wikipedia

## What happens to what I send

about-title = What happens to what I send
about-readers = Trained reviewers of this organisation read your words and open your files. Each of them has an own key.
about-keeps = The server keeps what you sent only locked. Beside it, it notes the week in which it arrived and how large it is. Within an hour, the times of the files on its disk show nothing finer either. It does not note your internet address or your browser.
about-taken = If someone takes over the server later, they cannot open what was sent before. If they take it over while you are sending, they can read what you send.
about-watched = Whoever watches your connection can see that you use Tor, when, and how much you send. They cannot see what you send.
about-only = With your secret code you can come back, read an answer, add, correct, change what may be done with it, or withdraw it. To open your answers, the server handles your code unlocked for a moment. If someone has taken over the server at that moment, they can learn the code.

## When something goes wrong: the form with the text in it

error-title = It was not sent
error-again = Your text is still on this page. Please check it and press “Send” again.
error-files = If you had chosen files, please choose them again at the end of the page.
error-long = This answer is too long for its box. Please shorten it, or move a part of it to another box.
error-cut = This answer was far too long. Only its beginning is here; please check where it ends.
error-much = All the answers together are too long. Please send a part now and the rest separately.
error-many = Too many boxes are ticked in this question.
error-twice = This answer arrived twice. The first one is shown here.
error-choice = Your browser sent an answer that this question does not have. Please choose again.
error-unknown = Your browser sent something that this page does not have. Please check your answers.
error-empty = There is nothing to read in it yet. Please write a few words, or choose a file.
error-order = Your browser sent the answers in another order than this page has. Please try once more, or use Tor Browser.
error-busy = Many people are sending just now. Please wait a minute before you send again.
error-failed = Something went wrong on the server, and it could not keep what you sent. Please try again in a few minutes.
error-closed = The site is closed for the moment and cannot receive anything. Please try again in a few hours. If it is safe for you, keep a copy of your text.
error-full = The server has no room left for the moment and cannot keep anything new. Please try again in a few hours. If it is safe for you, keep a copy of your text.

## When something goes wrong: other pages

retry = Try again
nothing-kept = Nothing was kept.
copy-text = Use “Back” in your browser. If your text is still there, copy it before you close that page.
broken-title = It did not arrive whole
broken-text = The connection broke, or your browser sent something that could not be read. Please try again.
busy-title = The site is busy just now
busy-text = Many people are sending at this moment. Please wait a minute and try again.
missing-title = There is no such page
missing-text = The address may be mistyped. The form is on the first page.
method-title = This page cannot be used in this way
method-text = Your browser asked for something that this address does not do. The form is on the first page.
offline-title = This site cannot take anything in just now
offline-text = Nothing was kept. Please come back in a few days.
