package render

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// InspectionSchema names the form of an [Inspection] in JSON. Members are added within a version.
const InspectionSchema = "consentry.inspect/1"

// Inspection is what stands in a file: facts, in the file's own words, with no decision about trust. What a manifest
// says is unverified here, whatever its signature is.
type Inspection struct {
	Schema    string              `json:"schema"`
	Asset     InspectedAsset      `json:"asset"`
	Store     *InspectedStore     `json:"store"` // null: none
	Manifests []InspectedManifest `json:"manifests"`
	Content   *InspectedContent   `json:"content"` // the content hash, where it was asked for
	Labels    []report.Label      `json:"labels"`  // outside C2PA
	Tracks    []InspectedTrack    `json:"tracks"`
	Boxes     []InspectedBox      `json:"boxes"`
	MoreBoxes int                 `json:"moreBoxes"` // boxes that are not listed
	Problems  []InspectedProblem  `json:"problems"`
	Notes     []string            `json:"notes"` // what could not be read, and why
}

// InspectedAsset is the file.
type InspectedAsset struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Format string `json:"format"` // by content; empty: unknown
	// Of a set: the file that Size, Format, tracks and boxes are of, and how many files there are.
	File  string `json:"file,omitempty"`
	Files int    `json:"files,omitempty"`
	// Fragment says that it is one: what it belongs to is in its initialization segment.
	Fragment bool `json:"fragment,omitempty"`
}

// InspectedStore says where the manifest store is.
type InspectedStore struct {
	Carrier string `json:"carrier"`
	Offset  int64  `json:"offset"` // of the box that carries it; -1: not in the file
	Size    int64  `json:"size"`   // bytes of that box, or of the detached store
}

// InspectedTrack is a track as the movie box declares it.
type InspectedTrack struct {
	ID      uint32          `json:"id"`
	Handler string          `json:"handler"` // vide, soun, …
	Codec   string          `json:"codec"`   // type of the first sample entry
	Edits   []InspectedEdit `json:"edits"`   // what a player shows of it, in order; empty: all
}

// InspectedEdit is an entry of an edit list.
type InspectedEdit struct {
	DurationMs int64   `json:"durationMs"` // 0 in a fragmented file: to the end
	MediaMs    *int64  `json:"mediaMs"`    // where in the track's media it begins; null: nothing is shown
	Rate       float64 `json:"rate"`
}

// InspectedBox is a box of the container.
type InspectedBox struct {
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Depth  int    `json:"depth"`
	UUID   string `json:"uuid,omitempty"`
}

// InspectedProblem is something that is wrong with the container.
type InspectedProblem struct {
	Kind   string `json:"kind"`
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Text   string `json:"text"`
}

// InspectedManifest is a manifest in its own words.
type InspectedManifest struct {
	Label        string                `json:"label"`
	Type         string                `json:"type"` // standard, update, legacy
	Active       bool                  `json:"active"`
	Compressed   bool                  `json:"compressed"`
	ClaimVersion int                   `json:"claimVersion"` // 0: no claim that can be read
	Generator    string                `json:"generator"`
	Title        string                `json:"title"`
	InstanceID   string                `json:"instanceId"`
	Claim        any                   `json:"claim"`
	Signature    *InspectedSignature   `json:"signature"`
	Assertions   []InspectedAssertion  `json:"assertions"`
	Ingredients  []InspectedIngredient `json:"ingredients"`
	Redacts      []string              `json:"redacts"`
	DataBoxes    []InspectedData       `json:"dataBoxes,omitempty"`
}

// InspectedData is a data box: what lay beside the assertions before there were assertions for it.
type InspectedData struct {
	Label  string   `json:"label"`
	Format string   `json:"format"` // media type; empty: it cannot be read
	Types  []string `json:"types"`
	Size   int      `json:"size"`  // bytes
	Named  bool     `json:"named"` // an assertion names it by the digest that it has
}

// InspectedAssertion is an assertion in its own words.
type InspectedAssertion struct {
	Label    string `json:"label"`
	Content  string `json:"content"`  // cbor, json, embedded, uuid, …; empty: not there
	Size     int    `json:"size"`     // bytes of its content
	List     string `json:"list"`     // created, gathered, none
	AsListed bool   `json:"asListed"` // its bytes are those that the claim lists
	Redacted bool   `json:"redacted"`
	Words    string `json:"words"`
	Value    any    `json:"value"`
}

// InspectedIngredient is an ingredient in its manifest's words.
type InspectedIngredient struct {
	Label        string `json:"label"`
	Title        string `json:"title"`
	Relationship string `json:"relationship"`
	Manifest     string `json:"manifest"` // label; empty: none
	Recorded     string `json:"recorded"`
}

// InspectedSignature is a claim signature. Verifies says that it is made over this claim by the key of the first
// certificate, and nothing about whose key that is.
type InspectedSignature struct {
	Algorithm    string                 `json:"algorithm"`
	Verifies     bool                   `json:"verifies"`
	Certificates []InspectedCertificate `json:"certificates"` // the signer's first
	TimeStamp    *InspectedStamp        `json:"timeStamp"`
	ClaimedTime  *time.Time             `json:"claimedTime"`
}

// InspectedStamp is a time-stamp, unverified.
type InspectedStamp struct {
	Time        *time.Time            `json:"time"`
	Source      string                `json:"source"`
	Authority   string                `json:"authority"`
	Certificate *InspectedCertificate `json:"certificate"`
}

// InspectedCertificate is an X.509 certificate.
type InspectedCertificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"` // decimal
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	Key       string    `json:"key"`
	SHA256    string    `json:"sha256"`
	SPKI      string    `json:"spkiSha256"`
}

// InspectedContent is what the content hash binds, and whether it matches.
type InspectedContent struct {
	Binding  string               `json:"binding"`
	State    string               `json:"state"`
	Bound    int64                `json:"bound"` // bytes
	Algs     []string             `json:"algs"`
	Excluded []InspectedExclusion `json:"excluded"`
	Rows     []InspectedRow       `json:"rows"` // all parts of the file, in its order
	Digests  []InspectedDigest    `json:"digests"`
	Damage   []report.Damage      `json:"damage"`
	Cause    *report.Cause        `json:"cause,omitempty"`
	Parts    []InspectedPart      `json:"parts,omitempty"` // of a set, each with its own result
	Notes    []string             `json:"notes"`
}

// InspectedPart is a file of a set, or one that is missing, which has no name where nobody knows it.
type InspectedPart struct {
	Name  string `json:"name"`
	State string `json:"state"` // intact, altered, missing, added, unknown
	Why   string `json:"why,omitempty"`
}

// InspectedRow is a part of the file, most often a box, and what the content hash does with it.
type InspectedRow struct {
	Offset   int64  `json:"offset"`
	Length   int64  `json:"length"`
	Path     string `json:"path"` // of the box; empty for bytes behind the last one
	Included bool   `json:"included"`
	Prefix   bool   `json:"prefix"` // its offset goes into the digest in front of it, as eight bytes
	Rule     string `json:"rule"`   // the exclusion that matched, where it is left out
	Digest   string `json:"digest"` // the one that it goes into
}

// InspectedDigest is a digest that was worked out, in hexadecimal, and the one that the assertion has.
type InspectedDigest struct {
	Name     string  `json:"name"`
	Alg      string  `json:"alg"`
	Computed string  `json:"computed"`
	Expected *string `json:"expected"` // null where the assertion has only digests above it
	OK       bool    `json:"ok"`
}

// InspectedExclusion is a range that the content hash leaves out.
type InspectedExclusion struct {
	Offset   int64  `json:"offset"`
	Length   int64  `json:"length"`
	Path     string `json:"path"`
	Rule     string `json:"rule"`
	Expected bool   `json:"expected"` // the specification wants or allows it
}

// maxInspectedBoxes bounds the boxes that are listed: a film has some thousand, a hostile file millions.
const maxInspectedBoxes = 10_000

// NewInspection collects what stands in a file. Located may be nil, and so may the result of a validation that trusted
// nobody.
func NewInspection(name string, size int64, loc *manifest.Located, res *manifest.Result) *Inspection {
	in := &Inspection{
		Schema: InspectionSchema, Asset: InspectedAsset{Name: name, Size: size},
		Manifests: []InspectedManifest{}, Tracks: []InspectedTrack{}, Boxes: []InspectedBox{}, Problems: []InspectedProblem{}, Notes: []string{},
	}
	if loc != nil {
		in.located(loc)
	}
	if res == nil {
		return in
	}
	b := newBudget()
	for _, m := range res.Manifests {
		in.Manifests = append(in.Manifests, inspectManifest(m, b))
	}
	for _, n := range res.NotChecked {
		in.Notes = append(in.Notes, n.What+": "+n.Why)
	}
	if b := res.Binding; b != nil {
		in.Content = inspectBinding(b)
	}
	return in
}

func (in *Inspection) located(loc *manifest.Located) {
	in.Asset.Format = loc.Container
	if loc.Store != nil {
		in.Store = &InspectedStore{loc.Carrier, loc.StoreRange.Offset, loc.StoreRange.Length}
	}
	for _, note := range []string{loc.NotSupported, loc.NoCarrier} {
		if note != "" {
			in.Notes = append(in.Notes, note)
		}
	}
	if loc.Remote != "" {
		in.Notes = append(in.Notes, "the file names a manifest elsewhere: "+loc.Remote)
	}
	for _, f := range loc.Findings {
		in.Notes = append(in.Notes, f.Code+": "+explanation(&f))
	}
	if loc.File == nil {
		return
	}
	in.Asset.Fragment = loc.File.First(bmff.Moov) == nil && loc.File.First(bmff.Moof) != nil
	in.tracks(loc.File)
	in.boxes(loc.File.Boxes)
	for _, p := range loc.File.Problems {
		if len(in.Problems) < maxInspectedBoxes {
			in.Problems = append(in.Problems, InspectedProblem{string(p.Kind), p.Path, p.Offset, p.Text})
		}
	}
}

// tracks lists the tracks with their edit lists. Problems of the tables are among the findings.
func (in *Inspection) tracks(f *bmff.File) {
	tracks, _, err := f.Tracks()
	if err != nil {
		in.Notes = append(in.Notes, "the tracks could not be read: "+err.Error())
		return
	}
	for i := range tracks {
		t := &tracks[i]
		row := InspectedTrack{ID: t.ID, Handler: t.Handler.String(), Codec: t.Codec.String(), Edits: []InspectedEdit{}}
		for _, e := range t.Edits {
			edit := InspectedEdit{DurationMs: t.EditDurationMs(e), Rate: e.Rate}
			if at := t.EditMediaMs(e); at >= 0 {
				edit.MediaMs = &at
			}
			row.Edits = append(row.Edits, edit)
		}
		in.Tracks = append(in.Tracks, row)
	}
}

// boxes lists boxes and what is inside them, in the order of the file.
func (in *Inspection) boxes(list []*bmff.Box) {
	for _, b := range list {
		if len(in.Boxes) == maxInspectedBoxes {
			in.MoreBoxes++
		} else {
			row := InspectedBox{Path: b.Path(), Offset: b.Offset, Size: b.Size, Depth: b.Depth()}
			if u := b.UserType(); u != [16]byte{} {
				row.UUID = fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
			}
			in.Boxes = append(in.Boxes, row)
		}
		in.boxes(b.Children())
	}
}

// manifestTypes say the kinds of manifests in words.
var manifestTypes = map[manifest.Type]string{manifest.Standard: "standard", manifest.Update: "update", manifest.Legacy: "legacy"}

func inspectManifest(m *manifest.ManifestResult, b *budget) InspectedManifest {
	out := InspectedManifest{
		Label: m.Label, Type: manifestTypes[m.Type], Active: m.Active, Compressed: m.Compressed,
		Assertions: []InspectedAssertion{}, Ingredients: []InspectedIngredient{}, Redacts: []string{},
	}
	if c := m.Claim; c != nil {
		out.ClaimVersion, out.Generator, out.Title, out.InstanceID = c.Version, c.Generator, c.Title, c.InstanceID
		out.Claim = c.Tree.JSON()
		out.Redacts = append(out.Redacts, c.Redacted...)
	}
	if s := m.Signature; s != nil {
		out.Signature = inspectSignature(s)
	}
	for _, a := range m.Assertions {
		list := "none"
		switch {
		case a.Created:
			list = "created"
		case a.Gathered:
			list = "gathered"
		}
		out.Assertions = append(out.Assertions, InspectedAssertion{
			Label: a.Label, Content: a.ContentType, Size: len(a.Payload), List: list, AsListed: a.Intact, Redacted: a.Redacted,
			Words: b.words(a), Value: b.view(a),
		})
	}
	for _, i := range m.Ingredients {
		out.Ingredients = append(out.Ingredients, InspectedIngredient{i.Label, i.Title, i.Relationship, i.Manifest, i.Recorded.State})
	}
	for _, d := range m.DataBoxes {
		out.DataBoxes = append(out.DataBoxes, InspectedData{d.Label, d.Format, append([]string{}, d.Types...), d.Size, d.Named})
	}
	return out
}

func inspectSignature(s *signing.Result) *InspectedSignature {
	out := &InspectedSignature{Algorithm: s.Algorithm, Verifies: s.Validated, Certificates: []InspectedCertificate{}, ClaimedTime: s.Claimed}
	for _, c := range s.Chain {
		out.Certificates = append(out.Certificates, *inspectCertificate(c))
	}
	if st := s.Stamp; st != nil {
		out.TimeStamp = &InspectedStamp{Source: st.Source, Authority: st.Authority}
		if !st.Time.IsZero() {
			at := st.Time.UTC()
			out.TimeStamp.Time = &at
		}
		if st.Certificate != nil {
			out.TimeStamp.Certificate = inspectCertificate(st.Certificate)
		}
	}
	return out
}

func inspectCertificate(c *x509.Certificate) *InspectedCertificate {
	whole, spki := sha256.Sum256(c.Raw), sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return &InspectedCertificate{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.String(),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Key: keyWords(c),
		SHA256: hex.EncodeToString(whole[:]), SPKI: hex.EncodeToString(spki[:]),
	}
}

func inspectBinding(b *manifest.Binding) *InspectedContent {
	out := &InspectedContent{
		Binding: b.Label, State: b.State, Bound: b.Bound, Algs: append([]string{}, b.Algs...),
		Excluded: []InspectedExclusion{}, Rows: []InspectedRow{}, Digests: []InspectedDigest{}, Damage: append([]report.Damage{}, b.Damage...), Cause: b.Cause, Notes: append([]string{}, b.Notes...),
	}
	for _, e := range b.Excluded {
		out.Excluded = append(out.Excluded, InspectedExclusion{e.Offset, e.Length, e.Path, e.Rule, e.Expected})
	}
	for _, p := range b.Parts {
		out.Parts = append(out.Parts, InspectedPart{p.Name, p.State, p.Why})
	}
	for _, r := range b.Rows {
		out.Rows = append(out.Rows, InspectedRow{r.Offset, r.Length, r.Path, r.Included, r.Prefix, r.Rule, r.Digest})
	}
	for _, d := range b.Digests {
		row := InspectedDigest{Name: d.Name, Alg: d.Alg, Computed: hex.EncodeToString(d.Computed), OK: d.OK}
		if d.Expected != nil {
			want := hex.EncodeToString(d.Expected)
			row.Expected = &want
		}
		out.Digests = append(out.Digests, row)
	}
	if b.NotSupported != "" {
		out.Notes = append(out.Notes, b.NotSupported)
	}
	return out
}
