package consent

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Limits of an RSL-MEDIA document. A register of a guild's members has some thousand records of a dozen elements.
const (
	maxRecords         = 4 << 20 // bytes
	maxRecordElements  = 200_000 // elements and attributes
	maxRecordDepth     = 32
	maxRecordIDs       = 20_000 // names of subjects
	maxRecordNameBytes = 512    // of a name; longer texts are none
	// maxRecordUsageBytes bounds a list of uses or places: one that is not read to its end may forbid anything.
	maxRecordUsageBytes = 64 << 10
)

// Records are RSL-MEDIA records: which subjects forbid what. Consent format 1, 9.
type Records struct {
	prohibit map[string][]string // by scheme:id: operations
	permit   map[string]bool     // by scheme:id: something of ours is permitted
}

// record is one declaration while it is read: whom it names, and what it says of usage.
type record struct {
	ids               []string
	prohibits, permit []string
	licensed          bool // a license lies in it
}

// ParseRecords reads an RSL-MEDIA document: XML without a document type and without entities beyond XML's five. A record
// is the innermost element that holds a license and names somebody. Its subjects are whatever in it, outside the license, reads as scheme:id or as the
// address of a DOI of HAND, of ISNI or of Wikidata. The error is a [*SyntaxError]; nothing of a document with an error is
// returned. Consent format 1, 9.
func ParseRecords(text []byte) (*Records, error) {
	p := &recordParser{in: xml.NewDecoder(bytes.NewReader(text)), out: &Records{prohibit: map[string][]string{}, permit: map[string]bool{}}}
	switch {
	case len(text) > maxRecords:
		return nil, &SyntaxError{Offset: maxRecords, Reason: fmt.Sprintf("more than %d bytes", maxRecords), Large: true}
	case !utf8.Valid(text):
		return nil, &SyntaxError{Offset: -1, Reason: "not UTF-8"}
	}
	root := p.next()
	start, ok := root.(xml.StartElement)
	if p.err == nil && (!ok || start.Name.Local != "rsl" || !rslNamespace(start.Name.Space)) {
		p.fail("no element rsl of RSL")
	}
	for p.err == nil && len(p.path) > 0 {
		p.next()
	}
	for p.err == nil { // white space and comments may follow
		if t := p.next(); t == nil {
			break
		}
		p.fail("something follows the document")
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.out, nil
}

// rslNamespace says whether a namespace is RSL's or that of its extension for media, of whatever version.
func rslNamespace(space string) bool {
	for _, of := range []string{"https://rslstandard.org/rsl", "https://rslmedia.org/media"} {
		if rest, ok := strings.CutPrefix(space, of); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

type recordParser struct {
	in    *xml.Decoder
	out   *Records
	path  []string
	stack []*element
	count int
	ids   int
	err   *SyntaxError
}

// element is an open element: what it names, until it is known whether it holds a license.
type element struct {
	local   string
	scheme  string // in which its text names somebody
	text    strings.Builder
	rec     record
	license bool // it is one, or lies in one
}

func (p *recordParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &SyntaxError{Offset: p.in.InputOffset(), Path: strings.Join(p.path, "/"), Reason: fmt.Sprintf(format, args...)}
	}
}

func (p *recordParser) large(what string, most int) {
	p.fail("more than %d %s", most, what)
	p.err.Large = true
}

// next reads one token and takes in what it says; nil at the end and after an error.
func (p *recordParser) next() xml.Token {
	for p.err == nil {
		t, err := p.in.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			p.fail("%v", err)
			return nil
		}
		switch x := t.(type) {
		case xml.Directive:
			p.fail("a document type or a declaration of entities: none is read")
		case xml.StartElement:
			p.open(x)
			return t
		case xml.EndElement:
			p.close()
			return t
		case xml.CharData:
			if len(p.stack) > 0 {
				p.text(p.stack[len(p.stack)-1], x)
			} else if len(bytes.TrimSpace(x)) > 0 {
				p.fail("text outside the document")
			}
		}
	}
	return nil
}

// text adds to what an element holds. Of a name that is too long the rest is of no use; of uses every one counts.
func (p *recordParser) text(e *element, b []byte) {
	if e.text.Len() == 0 {
		b = bytes.TrimLeft(b, " \t\r\n")
	}
	switch {
	case e.local == "permits" || e.local == "prohibits":
		if e.text.Len()+len(b) > maxRecordUsageBytes {
			p.large("bytes of what is permitted or prohibited", maxRecordUsageBytes)
			return
		}
	case e.text.Len() > maxRecordNameBytes:
		return
	}
	e.text.Write(b)
}

func (p *recordParser) open(x xml.StartElement) {
	p.path = append(p.path, clip(x.Name.Local))
	p.count += 1 + len(x.Attr)
	switch {
	case len(p.path) > maxRecordDepth:
		p.path = p.path[:maxRecordDepth]
		p.large("nested elements", maxRecordDepth)
		return
	case p.count > maxRecordElements:
		p.large("elements and attributes", maxRecordElements)
		return
	}
	e := &element{local: x.Name.Local}
	if n := len(p.stack); n > 0 {
		e.license = p.stack[n-1].license
	}
	e.license = e.license || e.local == "license"
	for _, a := range x.Attr {
		value := strings.TrimSpace(a.Value)
		switch name := a.Name.Local; {
		case e.local == "permits" || e.local == "prohibits":
			if name == "type" {
				e.scheme = value
			}
		case a.Name.Space == "xmlns" || name == "xmlns" || e.license:
		case (name == "scheme" || name == "type" || name == "registry") && schemes[strings.ToLower(value)]:
			e.scheme = strings.ToLower(value)
		default:
			p.name(e, value)
		}
	}
	p.stack = append(p.stack, e)
}

// close takes in what an element said.
func (p *recordParser) close() {
	e := p.stack[len(p.stack)-1]
	p.stack, p.path = p.stack[:len(p.stack)-1], p.path[:len(p.path)-1]
	text := strings.TrimSpace(e.text.String())
	switch {
	case e.local == "permits" || e.local == "prohibits":
		if e.scheme != "" && e.scheme != "usage" {
			break // by whom or where: it narrows a permission, and forbids no use
		}
		words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' || r == '\r' })
		if e.local == "permits" {
			e.rec.permit = append(e.rec.permit, words...)
		} else {
			e.rec.prohibits = append(e.rec.prohibits, words...)
		}
	case e.license:
	case e.scheme != "" && !strings.HasPrefix(text, e.scheme+":"):
		p.name(e, e.scheme+":"+text)
	default:
		p.name(e, text)
	}
	if len(p.stack) == 0 { // the document names nobody: its records do
		return
	}
	up := p.stack[len(p.stack)-1]
	if e.local == "license" && !up.license { // what it says is said of whoever the element around it names
		e.rec.licensed = true
	}
	if e.rec.licensed && len(e.rec.ids) > 0 { // the innermost element that holds both
		p.take(&e.rec)
		return
	}
	up.rec.licensed = up.rec.licensed || e.rec.licensed
	up.rec.prohibits = append(up.rec.prohibits, e.rec.prohibits...)
	up.rec.permit = append(up.rec.permit, e.rec.permit...)
	up.rec.ids = append(up.rec.ids, e.rec.ids...)
}

// name notes a text that names a subject.
func (p *recordParser) name(e *element, text string) {
	if text == "" || len(text) > maxRecordNameBytes {
		return
	}
	id := ""
	if s, ok := parseSubject(text); ok && schemes[s.scheme] {
		id = s.String()
	} else if s := SubjectAt(text); s != nil {
		id = openSubject{s.Scheme, s.ID}.String()
	}
	if id == "" {
		return
	}
	if p.ids++; p.ids > maxRecordIDs {
		p.large("names of subjects", maxRecordIDs)
		return
	}
	e.rec.ids = append(e.rec.ids, id)
}

// otherUsages are usages of RSL that make nothing of a person: reading, finding, quoting.
var otherUsages = set("search", "ai-index", "ai-input", "web-use", "all-but-ai")

// usageOperations are what a usage means here. One that nobody knows may be any: a prohibition of it is one of everything.
func usageOperations(usage string) []string {
	usage = strings.TrimPrefix(strings.ToLower(usage), "media:")
	switch {
	case usage == "ai-train":
		return []string{"train"}
	case usage == "ai-generate":
		return []string{"generate", "alter", "dub", "reanimate"}
	case otherUsages[usage]:
		return nil
	}
	return []string{"generate", "alter", "dub", "reanimate", "train"}
}

func (p *recordParser) take(r *record) {
	var no []string
	for _, usage := range r.prohibits {
		for _, o := range usageOperations(usage) {
			if !contains(no, o) {
				no = append(no, o)
			}
		}
	}
	yes := slices.ContainsFunc(r.permit, func(usage string) bool { return overlap(usageOperations(usage), []string{"generate"}) })
	for _, id := range r.ids {
		for _, o := range no {
			if !contains(p.out.prohibit[id], o) {
				p.out.prohibit[id] = append(p.out.prohibit[id], o)
			}
		}
		if yes {
			p.out.permit[id] = true
		}
	}
}

// forms of identifiers that stand in addresses.
var addressForms = sync.OnceValue(func() *struct{ isni, wikidata *regexp.Regexp } {
	return &struct{ isni, wikidata *regexp.Regexp }{regexp.MustCompile(`^[0-9]{15}[0-9X]$`), regexp.MustCompile(`^Q[1-9][0-9]*$`)}
})

// SubjectAt reads the address of a person as a subject: a DID, or the address under which HAND, ISNI or Wikidata keep
// one; nil where it is none of them. Consent format 1, 2.
func SubjectAt(address string) *Subject {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.RawQuery != "", u.Fragment != "", u.User != nil:
		return nil // of a person's address, a part of a document, or not the address that is shown
	case u.Scheme == "did":
		return &Subject{Scheme: "did", ID: u.String()}
	case u.Scheme != "https" && u.Scheme != "http":
		return nil
	}
	path := strings.TrimPrefix(u.Path, "/")
	switch strings.TrimPrefix(strings.ToLower(u.Host), "www.") {
	case "doi.org", "hdl.handle.net":
		if id, ok := strings.CutPrefix(path, "10.23/"); ok && id != "" {
			return &Subject{Scheme: "hand", ID: path}
		}
	case "isni.org":
		if id, ok := strings.CutPrefix(path, "isni/"); ok && addressForms().isni.MatchString(id) {
			return &Subject{Scheme: "isni", ID: id}
		}
	case "wikidata.org":
		for _, at := range []string{"entity/", "wiki/"} {
			if id, ok := strings.CutPrefix(path, at); ok && addressForms().wikidata.MatchString(id) {
				return &Subject{Scheme: "wikidata", ID: id}
			}
		}
	}
	return nil
}
