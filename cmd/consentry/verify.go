package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/watermark"
)

// verifyOptions is the command line of verify, read.
type verifyOptions struct {
	assets []string

	profile, policyFile string
	trustLists          []string // nil: the profile's default
	whatIf              []string // names of lists, or files of anchors
	trust, tsaTrust     []string
	cawgTrust           []string
	allowed             []string
	cawgAllowed         []string
	dids                []string
	ekus                []string

	consentTrust    string
	consentSteward  string
	consentRegistry []string
	consentStatus   string
	consentTokens   string
	noState         bool
	fetch           bool
	fetchHosts      []string
	resolvers       []string

	at       time.Time // zero: now
	manifest string
	// linkHeader is what the server said of the one file.
	linkHeader string
	label      string
	fragments  []string
	set        string

	format, out  string
	frames       string
	watermarks   []watermark.Message
	thorough     bool
	detectors    []string
	markNetworks []consentry.MarkNetwork
	persons      string
	prints       string
	faceModel    string
	modelsDir    string
	boxes        bool
	crops        string
	linkPersons  bool
	pixelate     bool
	timeout      time.Duration
	jobs         int
	strict       bool
	redactNames  bool
}

var (
	profiles    = []string{"newsroom", "studio", "ci"}
	formats     = []string{"text", "json", "crjson", "ndjson"}
	laterFormat = []string{"sarif", "junit", "github", "html"}
	frameModes  = []string{"auto", "all", "keys", "off"}
	personModes = []string{"auto", "on", "fast", "off"}
	printModes  = []string{"auto", "on"}
	listNames   = []string{"c2pa", "c2pa-interim", "public-tsa", "cawg", "none"}
)

// laterVerifyFlags are flags of verify that come later.
var laterVerifyFlags = map[string]string{
	"resume": "carrying on an interrupted batch",
}

func (p *program) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "Judge files against a policy", ArgsUsage: "FILE|DIR|GLOB|PLAYLIST…",
		Description: "  consentry verify --profile ci --consent-trust issuers.json *.mp4",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "profile", Usage: "`NAME`: newsroom (default), studio or ci"},
			&cli.StringFlag{Name: "policy", Usage: "`FILE`: a policy that starts from a profile"},
			&cli.StringFlag{Name: "trust-list", Usage: "`NAMES` of embedded lists, with commas; none: no list"},
			&cli.StringFlag{Name: "what-if", Usage: "`LIST`: would another list change the verdict"},
			&cli.StringSliceFlag{Name: "trust", Usage: "`PEM`: further anchors of claim signers"},
			&cli.StringSliceFlag{Name: "tsa-trust", Usage: "`PEM`: further anchors of time-stamp authorities"},
			&cli.StringSliceFlag{Name: "cawg-trust", Usage: "`PEM`: further anchors of identity assertions"},
			&cli.StringSliceFlag{Name: "allowed", Usage: "`PEM`: signing certificates that are trusted themselves"},
			&cli.StringSliceFlag{Name: "cawg-allowed", Usage: "`PEM`: the same for identity assertions"},
			&cli.StringSliceFlag{Name: "did", Usage: "`FILE`: DID document of an aggregator of identities"},
			&cli.StringSliceFlag{Name: "eku", Usage: "`OID` that --trust anchors accept too"},
			&cli.StringFlag{Name: "consent-trust", Usage: "`FILE`: trust list of consent issuers"},
			&cli.StringFlag{Name: "consent-steward", Usage: "`JWK` that must have signed that list"},
			&cli.StringSliceFlag{Name: "consent-registry", Usage: "`FILE`: standing orders and rosters, RSL-MEDIA records"},
			&cli.StringFlag{Name: "consent-status", Usage: "`DIR` of token status lists (*.jwt)"},
			&cli.StringFlag{Name: "consent-tokens", Usage: "`DIR` of tokens (*.jwt) that files name by reference"},
			&cli.BoolFlag{Name: "no-state", Usage: "neither read nor write what is remembered of lists"},
			&cli.BoolFlag{Name: "fetch", Usage: "ask the network: manifests, tokens, revocation, DIDs"},
			&cli.StringSliceFlag{Name: "fetch-host", Usage: "`HOST`: ask these alone; .example.com: all below it, too"},
			&cli.StringSliceFlag{Name: "resolver", Usage: "`URL` asked for lost manifests, by fingerprint and marks"},
			&cli.StringFlag{Name: "at", Usage: "`TIME` of validation (RFC 3339, or a day); default now"},
			&cli.StringFlag{Name: "manifest", Usage: "`FILE`: a detached manifest store"},
			&cli.StringFlag{Name: "link-header", Usage: "`VALUE` of the Link header that FILE came with"},
			&cli.StringFlag{Name: "manifest-label", Usage: "`URN` of the manifest to judge; default: the last"},
			&cli.StringSliceFlag{Name: "fragment", Usage: "`FILE`: a fragment of the init segment given"},
			&cli.StringFlag{Name: "set", Usage: "`DIR` that holds one fragmented asset"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default), json, crjson or ndjson"},
			&cli.StringFlag{Name: "o", Usage: "`FILE`: write the answer there"},
			&cli.StringFlag{Name: "frames", Value: "auto", Usage: "`MODE`: auto (default), all, keys or off"},
			&cli.StringSliceFlag{Name: "watermark", Usage: "`ALG:BITS:HEX`: a mark of your own to look for"},
			&cli.StringSliceFlag{Name: "mark-model", Usage: "`NET`: KIND:SHA256:FILE, your network that reads marks"},
			&cli.BoolFlag{Name: "thorough", Usage: "look for marks in parts cut out of marked pictures"},
			&cli.StringSliceFlag{Name: "detector", Usage: "`PATH`: a program of others' that looks for marks"},
			&cli.StringFlag{Name: "persons", Value: "auto", Usage: "`MODE`: auto (default), on, off; fast: never a PASS"},
			&cli.StringFlag{Name: "face-model", Usage: "`FILE`: a detector of faces of your own (ONNX)"},
			&cli.StringFlag{Name: "models-dir", Usage: "`DIR` where \"models install\" put its files"},
			&cli.BoolFlag{Name: "boxes", Usage: "the place of each face in each frame (JSON)"},
			linkFlag(),
			cropsFlag(),
			pixelateFlag(),
			&cli.StringFlag{Name: "fingerprints", Value: "auto", Usage: "`MODE`: auto (default: where one is declared) or on"},
			&cli.DurationFlag{Name: "timeout", Usage: "`TIME` for each file, such as 30s; default none"},
			&cli.IntFlag{Name: "jobs", Usage: "`N` files at a time; default: one a core"},
			&cli.BoolFlag{Name: "strict", Usage: "WARN is exit 1"},
			redactFlag(),
			laterFlag("resume"),
		},
		Action: func(c *cli.Context) error {
			o, err := readVerifyOptions(c)
			if err != nil {
				return err
			}
			return p.verify(c.Context, o)
		},
	}
}

// readVerifyOptions reads the flags into values and refuses what cannot be meant.
func readVerifyOptions(c *cli.Context) (*verifyOptions, error) {
	err := refuseLater(c, laterVerifyFlags)
	if err != nil {
		return nil, err
	}
	o := &verifyOptions{
		assets:          c.Args().Slice(),
		profile:         c.String("profile"),
		policyFile:      c.String("policy"),
		trust:           c.StringSlice("trust"),
		tsaTrust:        c.StringSlice("tsa-trust"),
		cawgTrust:       c.StringSlice("cawg-trust"),
		allowed:         c.StringSlice("allowed"),
		cawgAllowed:     c.StringSlice("cawg-allowed"),
		dids:            c.StringSlice("did"),
		ekus:            c.StringSlice("eku"),
		consentTrust:    c.String("consent-trust"),
		consentSteward:  c.String("consent-steward"),
		consentRegistry: c.StringSlice("consent-registry"),
		consentStatus:   c.String("consent-status"),
		consentTokens:   c.String("consent-tokens"),
		noState:         c.Bool("no-state"),
		fetch:           c.Bool("fetch"),
		fetchHosts:      c.StringSlice("fetch-host"),
		resolvers:       c.StringSlice("resolver"),
		manifest:        c.String("manifest"),
		label:           c.String("manifest-label"),
		linkHeader:      c.String("link-header"),
		fragments:       c.StringSlice("fragment"),
		set:             c.String("set"),
		format:          c.String("format"),
		out:             c.String("o"),
		frames:          c.String("frames"),
		persons:         c.String("persons"),
		prints:          c.String("fingerprints"),
		thorough:        c.Bool("thorough"),
		detectors:       c.StringSlice("detector"),
		faceModel:       c.String("face-model"),
		modelsDir:       c.String("models-dir"),
		boxes:           c.Bool("boxes"),
		crops:           c.String("crops"),
		linkPersons:     c.Bool("link-persons"),
		pixelate:        c.Bool("crops-pixelate"),
		timeout:         c.Duration("timeout"),
		jobs:            c.Int("jobs"),
		strict:          c.Bool("strict"),
		redactNames:     c.Bool("redact-names"),
	}
	if c.IsSet("trust-list") {
		o.trustLists = strings.Split(c.String("trust-list"), ",")
	}
	if c.IsSet("what-if") {
		o.whatIf = strings.Split(c.String("what-if"), ",")
	}
	if at := c.String("at"); at != "" {
		if o.at, err = parseAt(at); err != nil {
			return nil, err
		}
	}
	if o.markNetworks, err = markNetworks(c.StringSlice("mark-model"), c.String("models-dir")); err != nil {
		return nil, err
	}
	if o.watermarks, err = ownMessages(c.StringSlice("watermark"), o.markNetworks); err != nil {
		return nil, err
	}
	if err := o.checkPace(c.IsSet("jobs")); err != nil {
		return nil, err
	}
	if err := o.checkWords(); err != nil {
		return nil, err
	}
	if err := checkCrops(c); err != nil {
		return nil, err
	}
	return o, checkModels(o.faceModel, o.modelsDir)
}

// checkPace holds how many files are judged at a time, and for how long, against what can be; without --jobs there is
// one a core.
func (o *verifyOptions) checkPace(asked bool) error {
	if o.jobs < 0 || o.timeout < 0 {
		return &usageError{Text: "--jobs and --timeout cannot be below zero"}
	}
	if o.jobs == 0 && asked {
		return &usageError{Text: "--jobs 0: nothing would be judged", Hint: "without --jobs there is one a core"}
	}
	if o.jobs == 0 {
		o.jobs = runtime.NumCPU()
	}
	return nil
}

// checkWords holds the flags that take a word against the words that there are, and flags that exclude each other.
func (o *verifyOptions) checkWords() error {
	if slices.Contains(laterFormat, o.format) {
		return &hintError{&notYetError{What: "--format " + o.format}, "there is " + strings.Join(formats, ", ")}
	}
	checks := []struct {
		flag, value string
		words       []string
	}{
		{"--profile", o.profile, append(profiles, "")},
		{"--format", o.format, formats},
		{"--frames", o.frames, frameModes},
		{"--persons", o.persons, personModes},
		{"--fingerprints", o.prints, printModes},
	}
	for _, l := range o.trustLists {
		checks = append(checks, struct {
			flag, value string
			words       []string
		}{"--trust-list", l, listNames})
	}
	for _, ch := range checks {
		if !slices.Contains(ch.words, ch.value) {
			return wordError(ch.flag, ch.value, ch.words)
		}
	}
	if len(o.trustLists) > 1 && slices.Contains(o.trustLists, "none") {
		return &usageError{Text: "--trust-list none excludes other lists"}
	}
	if len(o.fetchHosts) > 0 && !o.fetch {
		return &usageError{Text: "--fetch-host says whom --fetch may ask, which is not given"}
	}
	if len(o.resolvers) > 0 && !o.fetch {
		return &usageError{Text: "--resolver asks the network, and only --fetch allows that"}
	}
	if len(o.resolvers) > consentry.MaxResolvers {
		return &usageError{Text: fmt.Sprintf("--resolver is given %d times; %d can be asked", len(o.resolvers), consentry.MaxResolvers)}
	}
	if len(o.detectors) > detector.MaxPrograms {
		return &usageError{Text: fmt.Sprintf("--detector is given %d times; %d can be asked", len(o.detectors), detector.MaxPrograms)}
	}
	if len(o.detectors) > 0 && o.frames == "off" {
		return &usageError{Text: "--detector needs pictures, and --frames off decodes none"}
	}
	if o.linkPersons && (o.persons == "off" || o.frames == "off" || o.frames == "keys") {
		return &usageError{Text: "--link-persons compares faces that were found, and --persons off or --frames off|keys lets nobody look"}
	}
	if o.crops != "" && (o.persons == "off" || o.frames == "off" || o.frames == "keys") {
		return &usageError{Text: "--crops shows faces that were found, and --persons off or --frames off|keys lets nobody look"}
	}
	if o.boxes && o.format != "json" && o.format != "ndjson" {
		return &usageError{Text: "--boxes is in the JSON answer only", Hint: "add --format json"}
	}
	if len(o.assets) == 0 && o.set == "" {
		return &usageError{Text: "verify needs a file", Hint: "consentry verify clip.mp4"}
	}
	single := o.manifest != "" || o.linkHeader != "" || o.label != "" || len(o.fragments) > 0 || o.set != "" || o.format == "crjson"
	if single && len(o.assets) > 1 {
		return &usageError{Text: "--manifest, --link-header, --manifest-label, --fragment, --set and --format crjson speak of one file, and there are several"}
	}
	if o.set != "" && len(o.assets) > 0 {
		return &usageError{Text: "--set takes the place of the file"}
	}
	if o.consentSteward != "" && o.consentTrust == "" {
		return &usageError{Text: "--consent-steward needs --consent-trust"}
	}
	return nil
}

func wordError(flag, value string, words []string) error {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	err := &usageError{Text: fmt.Sprintf("%s %q: there is %s", flag, value, strings.Join(words, ", "))}
	if near := nearest(value, words, 1); len(near) > 0 {
		err.Hint = "did you mean " + near[0] + "?"
	}
	return err
}
