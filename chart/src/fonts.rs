//! Fonts: two that come along for Latin, Greek and digits, and whatever the system has for the rest.
//!
//! DejaVu Sans comes with the binary, so that a picture looks the same everywhere. A font with Chinese characters has ten
//! megabytes and more, so that the system's is taken (`docs/decisions/0004-fonts.md`): for characters that it lacks, the
//! first of `PREFERRED` that is there, then any.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::{Database, FaceInfo, Language, Source, Stretch, Style, Weight};

/// The family that comes along.
pub(crate) const FAMILY: &str = "DejaVu Sans";
/// Its bold face, under a name of its own.
const BOLD_FAMILY: &str = "DejaVu Sans Bold";

/// Families with Chinese characters in their simplified forms, those first that go best with ours.
const PREFERRED: [&str; 12] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Noto Serif CJK SC",
    "SimSun",
];

/// Our fonts alone.
pub(crate) fn own() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_source(Source::Binary(Arc::new(dejavu::sans::regular())));
    for id in fonts.load_font_source(Source::Binary(Arc::new(dejavu::sans::bold()))) {
        // What is drawn names a family and no weight.
        if let Some(mut face) = fonts.face(id).cloned() {
            face.families = vec![(BOLD_FAMILY.to_owned(), Language::English_UnitedStates)];
            face.weight = Weight::NORMAL;
            fonts.remove_face(id);
            fonts.push_face_info(face);
        }
    }
    fonts
}

/// Our fonts and the system's, in the order in which they are asked for a character. Found once.
pub(crate) fn all() -> Arc<Database> {
    static ALL: OnceLock<Arc<Database>> = OnceLock::new();
    ALL.get_or_init(|| Arc::new(find())).clone()
}

fn find() -> Database {
    let mut system = Database::new();
    system.load_system_fonts();
    let mut faces: Vec<&FaceInfo> = system.faces().collect();
    faces.sort_by_key(|face| rank(face));
    let mut fonts = own();
    for face in faces {
        fonts.push_face_info(face.clone());
    }
    fonts
}

/// What is upright and regular first, and of that what is preferred.
fn rank(face: &FaceInfo) -> (bool, usize) {
    let is_plain = face.style == Style::Normal && face.weight == Weight::NORMAL && face.stretch == Stretch::Normal;
    let place = |name: &str| PREFERRED.iter().position(|preferred| *preferred == name);
    let place = face.families.iter().find_map(|(name, _)| place(name));
    (!is_plain, place.unwrap_or(PREFERRED.len()))
}
