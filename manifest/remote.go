package manifest

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/consentry/consentry/internal/bmff"
)

const (
	// maxXMP is how much of an XMP packet is looked at. Packets of editors with a long history have some 100 kB.
	maxXMP = 1 << 20
	// maxRemote is the longest URL that is shown.
	maxRemote = 4096
)

// xmpUserType is the user type of a uuid box with XMP. XMP Specification Part 3, 1.2.7.
var xmpUserType = [16]byte{0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac}

// remoteBMFF gives the URL of a store elsewhere that the file's XMP names. It is shown, never fetched. C2PA 2.5, 11.8.
func remoteBMFF(f *bmff.File) (string, error) {
	look := func(from, to int64) (string, error) {
		raw, err := f.Read(from, int(min(to-from, maxXMP)))
		if err != nil {
			return "", err
		}
		return provenanceOf(raw), nil
	}
	for _, b := range f.Boxes {
		if b.Type != bmff.UUID || b.UserType() != xmpUserType {
			continue
		}
		if url, err := look(b.Payload()+16, b.End()); url != "" || err != nil {
			return url, err
		}
	}
	if moov := f.First(bmff.Moov); moov != nil {
		if udta := moov.Child(bmff.Udta); udta != nil {
			if xmp := udta.Child(bmff.CC("XMP_")); xmp != nil {
				return look(xmp.Payload(), xmp.End())
			}
		}
	}
	return "", nil
}

// provenanceOf finds dcterms:provenance, as an attribute or an element, in an XMP packet. What follows broken XML is
// not looked at.
func provenanceOf(packet []byte) string {
	const dcterms = "http://purl.org/dc/terms/"
	if !bytes.Contains(packet, []byte(dcterms)) {
		return ""
	}
	d := xml.NewDecoder(bytes.NewReader(packet))
	d.Strict = false
	inside := false
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		switch t := t.(type) {
		case xml.StartElement:
			for _, a := range t.Attr {
				if a.Name.Space == dcterms && a.Name.Local == "provenance" {
					return remoteURL(a.Value)
				}
			}
			inside = t.Name.Space == dcterms && t.Name.Local == "provenance"
			for _, a := range t.Attr {
				if inside && a.Name.Local == "resource" {
					return remoteURL(a.Value)
				}
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(t)); inside && text != "" {
				return remoteURL(text)
			}
		case xml.EndElement:
			inside = false
		}
	}
}

func remoteURL(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxRemote {
		return ""
	}
	return s
}
