// Package consentry takes a video and answers: where does it come from, was it generated, and has every person whom it
// depicts consented, as far as signed declarations can show.
//
// The order of work is that of [Verifier.Verify], read top to bottom: the container is walked and the C2PA manifest
// store found (C2PA 2.5), the store is validated and its content hash held against the file, the picture is decoded,
// the origin decided, the consent of each declared person judged, and a policy turns all of that into a verdict. Each
// step says what succeeded, what failed, or why it was not checked.
//
// The package refuses to trust anybody by default, to use the network, and to call anything authentic. Hostile files
// give findings; an error means that the work could not be done, and the report so far comes with it, marked
// incomplete. Start with the zero [Verifier] and give it what it may trust.
package consentry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
	"github.com/consentry/consentry/softbinding"
	"github.com/consentry/consentry/trust"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// Spec is the version of the C2PA specification whose rules are applied.
const Spec = "C2PA 2.5"

// Asset is what is to be verified.
type Asset struct {
	Name     string      // for messages only
	Data     io.ReaderAt // read from several goroutines
	Size     int64       // bytes
	Manifest []byte      // a detached manifest store, if any
	// LinkHeader is the value of the Link header that the file's server sent with it; empty: none is known. It may name
	// the file's manifest store (rel="c2pa-manifest"). C2PA 2.5, 11.8.
	LinkHeader string
	Parts      []Part // fragments of the set whose initialization segment Data is, in playback order
	// Rendition names the one that Data belongs to, where the set has several.
	Rendition string
	// Folder is the files of the folder, where the asset is one; nil: it is none. A manifest may be for all of them.
	Folder *manifest.Folder
	// Unread says what belongs to the asset and was not given, such as what a playlist names and nobody can judge.
	Unread []report.NotChecked
	// Sidecar reads a file that lies beside the asset, by its suffix; nil: there are none. A file that is not there is
	// nil and no error. It is asked for ".consent.jwt" and, where the asset holds no manifest store, for ".c2pa": of
	// a.mp4 that is a.mp4.c2pa or, where there is none, a.c2pa. C2PA 2.5, 11.8.
	Sidecar func(suffix string) ([]byte, error)
	// ManifestName and SidecarName are what the operator calls Manifest and what Sidecar read last, for findings; empty or
	// nil: they have no name.
	ManifestName string
	SidecarName  func(suffix string) string
	// Changed tells, after everything was read, whether the file is another than when it was opened; nil: it cannot be
	// told.
	Changed func() error
}

// Part is one file of a fragmented set: a fragment, or the initialization segment of a further rendition.
type Part struct {
	Name      string
	Data      io.ReaderAt // nil: it is listed and not there
	Size      int64
	Rendition string
	Init      bool // known to be an initialization segment; others are told by their content
}

// Limits bound the work. Zero members stand for the documented defaults (docs/limits.md).
type Limits struct {
	Manifest manifest.Limits
	Video    video.Limits
}

// Verifier says what to verify against. The zero value trusts nobody, decodes nothing, uses no network and the system's
// clock, and judges by the newsroom profile. It is read, never written, and safe for concurrent use.
type Verifier struct {
	Trust signing.Trust
	// Products gives the list of conforming products, once a signer is on the list that it speaks of; nil: signers are
	// not held against one.
	Products func() (*trust.Products, error)
	Consent  *consent.Trust // issuers, registries, status lists; nil trusts nobody
	Policy   *policy.Policy // nil: the newsroom profile
	// PolicyFile names the file that Policy came from, for the report; empty: a profile as it is.
	PolicyFile string
	// Tokens are those at hand for declarations that name them by reference (consent.ByDigest).
	Tokens map[string]string
	// Fetch gets tokens by reference and status lists that are not at hand; nil: the network is never used.
	Fetch Fetcher
	// Resolvers are asked, if Fetch is there, for manifests that a clip without a valid one has lost, by its fingerprint
	// and its marks: whoever runs them learns these. The first [MaxResolvers] are.
	Resolvers []*softbinding.Resolver
	// Responders asks for the revocation of certificates under an anchor, where nothing at hand settles it; nil: the
	// network is never used for that.
	Responders Responder
	// Nonce goes into such questions: some bytes that nobody can have known before. nil: none is sent.
	Nonce   []byte
	Decoder video.Decoder // nil: nothing that needs pixels is checked, and the report says so
	Frames  video.Mode    // InfoOnly: nothing is decoded. KeyFrames is raised where a fingerprint is wanted
	// FramesFixed keeps Frames as it is: what would need more frames is not computed, and the report says so.
	FramesFixed bool
	// Fingerprints asks for the clip's fingerprint. Where the manifest declares one it is computed anyway.
	Fingerprints bool
	// Windows is called with the clip's fingerprints when they were computed, and asks for the codes of two seconds at a
	// time as well: for a store of a studio's own clips. Nil: nobody wants them.
	Windows func(*fingerprint.Video)
	// Messages are watermarks to look for beside the known ones; a mark that is found makes the origin "generated".
	Messages []watermark.Message
	// MarkNetworks read marks that only a network can read. They are asked where something is decoded.
	MarkNetworks []MarkNetwork
	Thorough     bool // look for parts that were cut out of marked pictures anywhere, which takes longer
	// Detectors are programs of somebody else's that are shown the frames; each runs confined and without a network.
	// Past [detector.MaxPrograms] they are not asked, and the report says so.
	Detectors []*detector.Program
	// Persons says when people are looked for in the picture, and Faces opens what finds their faces, once for each asset
	// that needs it; an [*persons.Error] or any other error is the reason why they were not analysed. Boxes asks for the
	// places of all faces in the report.
	Persons PersonsMode
	Faces   func(ctx context.Context) (persons.Detector, error)
	Boxes   bool
	// LinkFaces opens what compares the faces of an asset with each other; nil: nothing compares faces, which is the
	// default. With PersonsAuto faces are then looked for whatever the origin. The video is decoded once more. What is found is reported
	// and can lower a verdict, never raise one. An error is the reason why faces were not compared.
	LinkFaces func(ctx context.Context) (persons.Describer, error)
	// Views asks for a picture of each face that no declared person covers, in [Result.Views]: the video is decoded once
	// more for them.
	Views         bool
	ManifestLabel string // of the manifest to take for the active one; empty: the last
	Limits        Limits
	Time          time.Time // the validation time; zero: now
	Version       string    // of the program, for the report
}

// Result is a report with the facts that it was made from, for formats that show more of them.
type Result struct {
	Report     *report.Report
	Located    *manifest.Located // nil: the container could not be read
	Validation *manifest.Result  // nil: there was no store to validate
	Views      *Views            // nil: not asked for, or nobody looked for faces
}

// Verify judges an asset. An error means I/O, cancellation or one of our limits; the report so far comes with it and
// says INDETERMINATE.
func (v *Verifier) Verify(ctx context.Context, a Asset) (*report.Report, error) {
	res, err := v.Examine(ctx, a)
	return res.Report, err
}

// Examine is [Verifier.Verify] with the facts behind the report.
func (v *Verifier) Examine(ctx context.Context, a Asset) (*Result, error) {
	r := v.begin(a)
	err := r.steps(ctx)
	if err != nil {
		r.out.Complete = false
		r.out.Verdict = report.Indeterminate
		r.notChecked("the rest", err.Error())
		r.out.Reasons = []report.Reason{{Event: "incomplete_run", Outcome: report.Indeterminate, Text: err.Error()}}
		r.unreached(err)
	}
	return &Result{Report: r.out, Located: r.located, Validation: r.result, Views: r.views}, err
}

// unreached says of what the run did not come to that nobody looked: off would say that nobody wanted it.
func (r *run) unreached(err error) {
	if p := &r.out.Persons; p.Status == "off" && p.Reason == nil && r.v.Persons != PersonsOff && r.framesOff() == "" {
		p.Status, p.Reason = persons.StatusNotAnalysed, optional(err.Error())
	}
	if w := &r.out.Watermarks; w.State == "off" && w.Reason == nil && r.v.Frames != video.InfoOnly {
		w.State, w.Reason = "not-analysed", optional(err.Error())
	}
}

// run is one verification under way.
type run struct {
	v     *Verifier
	asset Asset
	now   time.Time
	out   *report.Report

	located     *manifest.Located
	store       *manifest.Store
	result      *manifest.Result
	detached    bool // the store does not come from the asset
	sidecar     string
	linked      string // the manifest that the Link header names; empty: none
	malformed   string
	unsupported []string // what the file needs and this version cannot do
	labels      *labels.Result
	people      peopleLook
	voices      voiceLook
	soundMarks  soundMarks
	views       *Views
	metadata    consent.Metadata
	told        int // statements of metadata that are reported
	declared    []manifest.SoftBinding
	prints      *fingerprint.Video  // nil: none was computed
	sessions    []*detector.Session // of programs that look
	algorithm   func(alg string) *softbinding.Algorithm
	networks    []networkLook // that are ready
	networkGap  bool          // one of them could not be asked, or not to the end
}

// steps is the order of work. Down the page only: no step reads a later one's result.
func (r *run) steps(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		r.locate,
		r.validate,
		r.readSidecars,
		r.readLabels,
		r.readMetadata,
		r.readSoftBindings,
		r.decode,
		r.compareSoftBindings,
		r.lookUp,
		r.lookForPeople,
		r.takeViews,
		r.linkPersons,
		r.unchanged,
		r.judge,
	} {
		if err := ctx.Err(); err != nil {
			return cause(ctx, err)
		}
		if err := step(ctx); err != nil {
			return cause(ctx, err)
		}
	}
	return nil
}

// timeError is a run that was ended by its deadline.
type timeError struct{ err error }

func (e *timeError) Error() string {
	step := strings.TrimSuffix(strings.TrimSuffix(e.err.Error(), context.DeadlineExceeded.Error()), ": ")
	step = strings.TrimPrefix(step, "not analysed: timeout: ") // which was said
	if step == "" {
		return "the time for this file was over"
	}
	return "the time for this file was over: " + step
}

func (e *timeError) Unwrap() error { return e.err }

// cause says in words what ended a run.
func cause(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &timeError{err}
	}
	if c := context.Cause(ctx); c != nil && errors.Is(err, context.Canceled) {
		return &interruptError{errors.Join(err, c)}
	}
	return err
}

// interruptError is a run that somebody ended.
type interruptError struct{ err error }

func (e *interruptError) Error() string { return "the run was interrupted" }
func (e *interruptError) Unwrap() error { return e.err }

func (v *Verifier) begin(a Asset) *run {
	r := &run{v: v, asset: a, now: v.Time.UTC(), algorithm: softbinding.Lookup}
	if v.Time.IsZero() {
		r.now = time.Now().UTC()
	}
	r.out = &report.Report{
		Schema: report.Schema,
		Tool:   report.Tool{Name: "consentry", Version: v.Version, Spec: Spec},
		Asset:  report.Asset{Name: a.Name, Size: a.Size, Tracks: []report.Track{}},
		// The report gives whole seconds, as C2PA's own results do.
		ValidationTime: r.now.Truncate(time.Second),
		Complete:       true,
		Reasons:        []report.Reason{},
		Labels:         []report.Label{},
		People:         []report.Person{},
		Works:          []report.Person{},
		Findings:       []report.Finding{},
		NotChecked:     []report.NotChecked{},
		Fetched:        []report.Fetched{},
	}
	if v.Policy == nil {
		r.out.Policy = (&policy.Policy{}).Report(v.PolicyFile)
	} else {
		r.out.Policy = v.Policy.Report(v.PolicyFile)
	}
	r.out.Provenance.Integrity.Damage = []report.Damage{}
	r.out.Provenance.Manifests = []report.Manifest{}
	r.out.Provenance.Signer.State, r.out.Provenance.Time.State = "none", "none"
	r.out.Provenance.Revocation.State = "not-checked"
	r.out.Origin = report.Origin{State: "unknown", Basis: "none", Because: []report.Because{}}
	r.out.Watermarks = report.Watermarks{State: "off", Found: []report.Watermark{}, SoftBindings: []report.SoftBinding{}}
	r.out.Persons = report.Persons{Status: "off", Tracks: []report.PersonTrack{}, NotSeen: []string{}, Undeclared: []int{}, Voices: report.Voices{Status: "off", Tracks: []report.VoiceTrack{}, Undeclared: []int64{}}}
	return r
}

func (r *run) find(f report.Finding) { r.out.Findings = append(r.out.Findings, f) }

func (r *run) notChecked(what, why string) {
	for _, n := range r.out.NotChecked {
		if n.What == what && n.Why == why {
			return
		}
	}
	r.out.NotChecked = append(r.out.NotChecked, report.NotChecked{What: what, Why: why})
}

// needs says that the file cannot be judged for want of something: INDETERMINATE in every profile.
func (r *run) needs(what, why string) {
	r.notChecked(what, why)
	if told, ok := strings.CutPrefix(why, "not supported: "); ok { // and never will be
		r.unsupported = append(r.unsupported, told)
		return
	}
	yet := ""
	if told, ok := strings.CutPrefix(why, "not supported yet: "); ok { // else it is the file that lacks something
		yet, why = "not supported yet: ", told
	}
	r.unsupported = append(r.unsupported, yet+what+": "+why)
}

// besideName is what the operator calls a file beside the asset, with a blank in front; empty: it has no name.
func (r *run) besideName(suffix string) string {
	if r.asset.SidecarName == nil || r.asset.SidecarName(suffix) == "" {
		return ""
	}
	return " " + r.asset.SidecarName(suffix)
}

// sidecarSuffix names the file with a consent declaration beside an asset. Consent format 1, 2.
const sidecarSuffix = ".consent.jwt"

// maxSidecar bounds a sidecar as a consent assertion is bounded. Consent format 1, 2 (Limits).
const maxSidecar = 2 << 20

// readSidecars takes the consent sidecar; whether it holds is for the judge.
func (r *run) readSidecars(context.Context) error {
	if r.asset.Sidecar == nil {
		return nil
	}
	b, err := r.asset.Sidecar(sidecarSuffix)
	switch {
	case err != nil:
		return fmt.Errorf("reading the consent sidecar: %w", err)
	case len(b) > maxSidecar:
		r.find(report.Newf("consent.input.tooLarge", "", "the consent sidecar%s has %d bytes; the limit is %d", r.besideName(sidecarSuffix), len(b), maxSidecar))
	default:
		r.sidecar = string(b)
	}
	return nil
}

// unchanged asks whether the file is still the one that was opened: a file that was swapped, or is still being written,
// gets no verdict.
func (r *run) unchanged(context.Context) error {
	if r.asset.Changed == nil {
		return nil
	}
	if err := r.asset.Changed(); err != nil {
		r.find(report.New("asset.changed", "", err.Error()))
		return fmt.Errorf("changed while reading: %w", err)
	}
	return nil
}
