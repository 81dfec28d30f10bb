//! The controls of the form: a label and a field, filled with what was typed before.
//!
//! Markup is kept lean on purpose: the whole form must arrive over a slow circuit. A label wraps
//! its field, so that neither needs an `id`; the field that an error is about gets one.

use maud::{Markup, Render, html};

use super::Notice;
use crate::{
    locale::Locale,
    testimony::choices::{Choice, TRI},
};

/// The `id` of the text that says what is wrong.
pub(super) const ERROR: &str = "error";

/// Draws controls in one language, with one set of values.
pub(super) struct Controls<'a> {
    pub(super) locale: &'a Locale,
    pub(super) values: &'a [(&'a str, &'a str)],
    pub(super) notice: Option<Notice<'a>>,
}

impl Controls<'_> {
    pub(super) fn t(&self, key: &str) -> String {
        self.locale.text(key)
    }

    /// The hint under a label.
    pub(super) fn hint(&self, key: &str) -> Markup {
        html! { p.h { (self.t(key)) } }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(typed, _)| *typed == name).map(|(_, value)| *value)
    }

    fn chosen(&self, name: &str, code: &str) -> bool {
        self.values.contains(&(name, code))
    }

    fn wrong(&self, name: &str) -> bool {
        self.notice.and_then(|notice| notice.field()) == Some(name)
    }

    /// `id`, `aria-invalid` and `aria-describedby` of a field, if the error is about it.
    fn marks<'n>(
        &self,
        name: &'n str,
    ) -> (Option<&'n str>, Option<&'static str>, Option<&'static str>) {
        if self.wrong(name) { (Some(name), Some("true"), Some(ERROR)) } else { (None, None, None) }
    }

    /// Is there an answer, or an error, to any field whose name starts so?
    pub(super) fn any(&self, starts: &[&str]) -> bool {
        let within = |name: &str| starts.iter().any(|start| name.starts_with(start));
        self.values.iter().any(|(name, _)| within(name))
            || self.notice.and_then(|notice| notice.field()).is_some_and(within)
    }

    /// A part that can stay closed; open if something in it was answered.
    pub(super) fn part(&self, title: &str, starts: &[&str], inner: &impl Render) -> Markup {
        html! { details open[self.any(starts)] { summary { (self.t(title)) } (inner) } }
    }

    /// One line of words.
    pub(super) fn line(&self, name: &str, label: &str) -> Markup {
        let (id, invalid, described) = self.marks(name);
        html! {
            label {
                (self.t(label))
                input id=[id] name=(name) value=[self.value(name)] autocomplete="off"
                    aria-invalid=[invalid] aria-describedby=[described];
            }
        }
    }

    /// Several lines of words.
    ///
    /// The line break after the opening tag is dropped by the browser's reader, so that one that
    /// was typed first is not.
    pub(super) fn area(&self, name: &str, label: &str) -> Markup {
        let (id, invalid, described) = self.marks(name);
        html! {
            label {
                (self.t(label))
                textarea id=[id] name=(name) autocomplete="off"
                    aria-invalid=[invalid] aria-describedby=[described] { "\n" (self.value(name).unwrap_or_default()) }
            }
        }
    }

    /// The story itself, which its heading names.
    pub(super) fn story(&self) -> Markup {
        let wrong = self.wrong("story");
        let described = if wrong { "error what-h" } else { "what-h" };
        html! {
            textarea id="story" name="story" autocomplete="off" aria-labelledby="what"
                aria-invalid=[wrong.then_some("true")] aria-describedby=(described) {
                "\n" (self.value("story").unwrap_or_default())
            }
        }
    }

    /// One answer of a few, folded.
    pub(super) fn select(&self, name: &str, label: &str, choices: &[Choice]) -> Markup {
        let options = choices.iter().map(|choice| (choice.code, self.t(choice.key))).collect();
        self.select_of(name, label, options)
    }

    /// One answer of a few whose texts are given.
    pub(super) fn select_of(
        &self,
        name: &str,
        label: &str,
        options: Vec<(&str, String)>,
    ) -> Markup {
        let (id, invalid, described) = self.marks(name);
        html! {
            label {
                (self.t(label))
                select id=[id] name=(name) autocomplete="off" aria-invalid=[invalid] aria-describedby=[described] {
                    option value="" { "—" }
                    @for (code, text) in options {
                        option value=(code) selected[self.chosen(name, code)] { (text) }
                    }
                }
            }
        }
    }

    /// Yes, no, or not known.
    pub(super) fn tri(&self, name: &str, label: &str) -> Markup {
        self.select(name, label, TRI)
    }

    /// A box that stands alone.
    pub(super) fn tick(&self, name: &str, label: &str) -> Markup {
        let (id, invalid, described) = self.marks(name);
        html! {
            label.c {
                input id=[id] type="checkbox" name=(name) checked[self.value(name).is_some()]
                    autocomplete="off" aria-invalid=[invalid] aria-describedby=[described];
                (self.t(label))
            }
        }
    }

    /// Boxes of which any may be ticked.
    pub(super) fn ticks(&self, name: &str, choices: &[Choice]) -> Markup {
        self.circles_or_boxes("checkbox", name, choices)
    }

    /// Circles of which one may be chosen.
    pub(super) fn radios(&self, name: &str, choices: &[Choice]) -> Markup {
        self.circles_or_boxes("radio", name, choices)
    }

    fn circles_or_boxes(&self, kind: &str, name: &str, choices: &[Choice]) -> Markup {
        let described = self.wrong(name).then_some(ERROR);
        html! {
            div.c {
                @for (n, choice) in choices.iter().enumerate() {
                    label {
                        input id=[(n == 0 && described.is_some()).then_some(name)] type=(kind)
                            name=(name) value=(choice.code) checked[self.chosen(name, choice.code)]
                            autocomplete="off" aria-describedby=[described];
                        (self.t(choice.key))
                    }
                }
            }
        }
    }
}
