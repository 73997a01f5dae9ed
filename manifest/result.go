package manifest

import (
	"context"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// The states of a manifest, each of which includes the one before it. C2PA 2.5, 13.3. The empty state means that it
// was not judged.
const (
	Invalid    = "invalid"     // something was changed, or breaks a rule
	WellFormed = "well-formed" // obeys the rules, but the credential or its time does not hold
	Valid      = "valid"       // and is as it was signed, in time
	Trusted    = "trusted"     // and the signer is on a trust list
)

// Options says what a store is validated against.
type Options struct {
	Trust  *signing.Trust // nil trusts nobody
	Now    time.Time      // the validation time
	Limits Limits
	// Ask gets the answer of an OCSP responder; nil: nobody is asked. Nonce goes into the requests. See [signing.Input].
	Ask   func(address string, request []byte) ([]byte, error)
	Nonce []byte
	// AskBelow asks in place of Ask for all manifests but the active one and the one whose binding counts, so that
	// ingredients do not use up the questions of these; nil: Ask does.
	AskBelow func(address string, request []byte) ([]byte, error)
	// Fetch gets the manifest of a live stream that statements about segments name by an address, of most bytes at the
	// most; nil: none is got. why says in plain words what kept it from coming; an error is the context's.
	Fetch func(ctx context.Context, address string, most int64) (body []byte, why string, err error)
	// Document gets the DID document of an aggregator of identities that is not among Trust.DIDs; nil: none is got. See
	// [signing.AggregationInput].
	Document func(address string) ([]byte, error)
	Label    string // of the manifest to take for the active one; empty: the last. For stores with several assets only
}

// Result is what validation found. What is true only of a valid manifest must not be believed of another: look at its
// state first.
type Result struct {
	Active    *ManifestResult
	Manifests []*ManifestResult // the active one first, then the store's order reversed
	State     string            // of the active manifest with its content; empty: not judged
	Binding   *Binding          // the hard binding held against the content; nil: none was
	Bound     *ManifestResult   // the manifest whose binding that is: the active one, or the first below its updates
	// NotChecked lists what was not checked, and why.
	NotChecked []report.NotChecked
}

// Manifest returns the result of a manifest's label, or nil.
func (r *Result) Manifest(label string) *ManifestResult {
	for _, m := range r.Manifests {
		if m.Label == label {
			return m
		}
	}
	return nil
}

// ManifestResult is what was found about one manifest.
type ManifestResult struct {
	Label      string
	Type       Type
	Compressed bool
	Active     bool
	Reached    bool // from the active manifest; others are not judged and count for nothing. C2PA 2.5, 14.11.3.3
	State      string

	Success       []report.Finding
	Informational []report.Finding
	Failure       []report.Finding

	Claim       *Claim // nil: none that can be read
	Signature   *signing.Result
	Assertions  []*Assertion // in the claim's order (created, gathered), then undeclared ones
	HardBinding *Assertion   // the one that counts; nil: none, or several
	Actions     []Action     // of all actions assertions, templates resolved
	Ingredients []*Ingredient
	// IngredientDeltas say what is now different from what was recorded when an ingredient was taken in.
	IngredientDeltas []IngredientDelta
	Identities       []*Identity // identity assertions that were judged. CAWG identity 1.3
	Redactions       []Redaction // of assertions of other manifests that this claim declares
	DataBoxes        []*DataBox
	// Notes are findings with codes of our own, which a C2PA result may not carry.
	Notes []report.Finding
	// Omitted counts failures and informational findings that are no more than repetitions: of one code the first
	// thousand are kept.
	Omitted int

	repeats map[string]int
}

const (
	// maxRepeats is how many findings of one code a manifest keeps, except for successes, of which an assertion gives
	// one. A report with more of them is no better, and a hostile store could ask for half a million.
	maxRepeats = 1000
	// maxExplanation bounds the bytes of an explanation, which may quote the file.
	maxExplanation = 1000
)

// Claim is a claim of version 1 or 2. Members that a file lacks are empty. C2PA 2.5, 10.
type Claim struct {
	Version       int
	URI           string
	InstanceID    string
	Title         string
	Format        string          // version 1
	Generator     string          // name and version, in one line
	GeneratorInfo []GeneratorInfo // version 2: one
	SpecVersion   string
	Alg           string // default hash algorithm
	AlgSoft       string
	Signature     string
	Created       []HashedURI // version 1: all
	Gathered      []HashedURI
	Redacted      []string
	Payload       []byte // content of the claim's cbor box: what is signed
	Tree          cbortree.Value
}

// GeneratorInfo names software. C2PA 2.5, 10.2.
type GeneratorInfo struct {
	Name, Version, OperatingSystem, SpecVersion string
	icon                                        cbortree.Value
}

// Assertion is an assertion of a manifest. C2PA 2.5, 8.
type Assertion struct {
	Label       string // with its instance, e.g. c2pa.ingredient.v3__2
	Base        string // without its instance
	URI         string // absolute
	ContentType string // cbor, json, embedded (bfdb and bidb), uuid, or the type of the first content box; empty: not there
	MediaType   string // of an embedded file
	FileName    string // of an embedded file
	Payload     []byte // content of the cbor, json, bidb or uuid box, as in the file; nil: not there
	Created     bool   // listed in created_assertions (in version 1: assertions)
	Gathered    bool   // listed in gathered_assertions
	Intact      bool   // its bytes are those that the claim lists
	Redacted    bool   // some claim above declares it redacted
	RedactedBy  string // label of the manifest of that claim
	Alg         string // hash algorithm of the reference to it
	Hash        []byte // digest in the reference to it

	box    *jumbf.Box
	tree   cbortree.Value
	read   bool
	broken error
	// released says that the tree was read and given up.
	released bool
	// differs says that some entry of the claim's lists has another digest.
	differs bool
}

// Action is one step of the history, with what its templates add. C2PA 2.5, 16.4.
type Action struct {
	Action            string
	When              string // as written; empty: none
	WhenStart         string
	WhenEnd           string
	DigitalSourceType string
	SoftwareAgent     string // name and version
	Description       string
	Reason            string
	Gathered          bool   // its assertion stands in gathered_assertions
	Assertion         string // URI of its assertion
	Index             int    // place in that assertion
	Related           []Action
	Ingredients       []string // absolute URIs of the ingredient assertions that it names
	RelatedAssertions []string // absolute URIs
	Redacts           string   // parameters.redacted
	Tree              cbortree.Value
}

// Ingredient is an ingredient: what was recorded when it was taken in, and what holds now. C2PA 2.5, 16.5.
type Ingredient struct {
	Label             string // of its assertion
	URI               string
	Version           int
	Title             string
	Format            string
	InstanceID        string
	Relationship      string // parentOf, componentOf, inputTo
	Gathered          bool
	Manifest          string // label of its active manifest; empty: it has none
	Recorded          Recorded
	Now               string // state now; none: it has no manifest; empty: not judged
	DigitalSourceType string
	DataTypes         []string
	Description       string

	assertion      *Assertion
	activeManifest HashedURI
	claimSignature HashedURI
	hasManifest    bool
	hasSignature   bool
	target         *Manifest
}

// Recorded is what a generator wrote down of an ingredient's validation. It is shown and never believed.
type Recorded struct {
	State         string // trusted, valid, invalid, none (nothing recorded)
	Success       []Status
	Informational []Status
	Failure       []Status
	SpecVersion   string
}

// Status is a recorded status code. C2PA 2.5, 14.2.2.
type Status struct {
	Code        string
	URL         string
	Explanation string
}

// IngredientDelta says what validation now finds about an ingredient and its generator did not record.
type IngredientDelta struct {
	AssertionURI  string
	Success       []report.Finding
	Informational []report.Finding
	Failure       []report.Finding
}

// Redaction is an assertion of another manifest that a claim declares redacted. C2PA 2.5, 8.8.
type Redaction struct {
	URI      string // as written
	Manifest string // label of the manifest that it is in
	Label    string // of the assertion
	Reason   string // of a c2pa.redacted action of the same manifest that names it
}

// AssertionsOf returns the assertions of a label, whatever their instance.
func (r *ManifestResult) AssertionsOf(base string) []*Assertion {
	var out []*Assertion
	for _, a := range r.Assertions {
		if a.Base == base {
			out = append(out, a)
		}
	}
	return out
}

// Parent returns the parentOf ingredient, or nil.
func (r *ManifestResult) Parent() *Ingredient {
	for _, i := range r.Ingredients {
		if i.Relationship == "parentOf" {
			return i
		}
	}
	return nil
}

// add puts a finding into the list of its outcome.
func (r *ManifestResult) add(f report.Finding) {
	if !r.Active {
		f.Manifest = r.Label
	}
	if f.Outcome != report.Success {
		if r.repeats == nil {
			r.repeats = map[string]int{}
		}
		if r.repeats[f.Code]++; r.repeats[f.Code] > maxRepeats {
			r.Omitted++
			return
		}
	}
	if len(f.Explanation) > maxExplanation {
		f.Explanation = strings.ToValidUTF8(f.Explanation[:maxExplanation], "") + " …"
	}
	switch f.Outcome {
	case report.Success:
		r.Success = append(r.Success, f)
	case report.Informational:
		r.Informational = append(r.Informational, f)
	default:
		r.Failure = append(r.Failure, f)
	}
}
