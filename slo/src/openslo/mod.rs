//! OpenSLO's objects and those of `narthex/v1`.

use model::yaml::Document;

use crate::spec::{Catalog, SpecText};

/// Objects that were read, before their references are followed.
#[derive(Debug, Default)]
pub(crate) struct Objects<'t> {
    documents: Vec<(Document, &'t SpecText<'t>)>,
}

impl<'t> Objects<'t> {
    /// Takes a document.
    pub(crate) fn add(&mut self, document: Document, text: &'t SpecText<'t>, _catalog: &mut Catalog) {
        self.documents.push((document, text));
    }

    /// Follows references, and puts what the objects say into the catalog.
    pub(crate) fn resolve(self, _catalog: &mut Catalog) {}
}
