//! The subject alternative names of a certificate, as the texts that `client_allowed_sans` compares with.
//!
//! A walk through just enough DER (X.690) to reach one extension of an X.509 certificate (RFC 5280, 4.2.1.6). What is
//! not as it should be yields no names, so that a strange certificate is refused.

use std::net::IpAddr;

/// `2.5.29.17`, encoded.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
/// `[3] EXPLICIT` in `TBSCertificate`.
const EXTENSIONS: u8 = 0xa3;

/// DNS names, mail addresses, IP addresses and URIs of a certificate.
pub(super) fn names(certificate: &[u8]) -> Vec<String> {
    extension(certificate).map(general_names).unwrap_or_default()
}

/// One element: its tag, what is in it, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let n_bytes = usize::from(first & 0x7f);
        let (bytes, rest) = rest.split_at_checked(n_bytes).filter(|_| (1..=4).contains(&n_bytes))?;
        (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// All elements of a sequence, up to the first broken one.
fn elements(mut der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(der)?;
        der = rest;
        Some((tag, content))
    })
}

fn inside(der: &[u8], wanted: u8) -> Option<&[u8]> {
    element(der).filter(|(tag, ..)| *tag == wanted).map(|(_, content, _)| content)
}

fn extension(certificate: &[u8]) -> Option<&[u8]> {
    let to_be_signed = inside(inside(certificate, SEQUENCE)?, SEQUENCE)?;
    let (_, extensions) = elements(to_be_signed).find(|(tag, _)| *tag == EXTENSIONS)?;
    for (_, extension) in elements(inside(extensions, SEQUENCE)?) {
        if inside(extension, OBJECT_IDENTIFIER) == Some(SUBJECT_ALT_NAME) {
            let (_, value) = elements(extension).find(|(tag, _)| *tag == OCTET_STRING)?;
            return inside(value, SEQUENCE);
        }
    }
    None
}

fn general_names(sequence: &[u8]) -> Vec<String> {
    elements(sequence).filter_map(|(tag, content)| general_name(tag, content)).collect()
}

fn general_name(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        // rfc822Name, dNSName, uniformResourceIdentifier
        0x81 | 0x82 | 0x86 => String::from_utf8(content.to_vec()).ok(),
        // iPAddress
        0x87 => {
            let v4 = <[u8; 4]>::try_from(content).map(IpAddr::from).ok();
            v4.or_else(|| <[u8; 16]>::try_from(content).map(IpAddr::from).ok()).map(|ip| ip.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_a_certificate() {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned(), "10.0.0.1".to_owned()]).unwrap();
        params.subject_alt_names.push(rcgen::SanType::Rfc822Name("me@a.example".try_into().unwrap()));
        params.subject_alt_names.push(rcgen::SanType::URI("spiffe://a/b".try_into().unwrap()));
        let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        assert_eq!(names(certificate.der()), ["a.example", "10.0.0.1", "me@a.example", "spiffe://a/b"]);
        let der = certificate.der().to_vec();
        for n_bytes in 0..der.len() {
            let _ = names(&der[..n_bytes]);
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(der in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = names(&der);
            let _ = general_names(&der);
        }
    }
}
