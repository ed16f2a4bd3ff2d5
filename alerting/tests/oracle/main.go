// Command oracle writes cases.json: templates with what Go's own text/template and html/template make of them.
//
// Made with Go 1.26.8, in the root of the repository:
//
//	go run alerting/tests/oracle/main.go > alerting/tests/oracle/cases.json
//
// The tests read the file and need no Go. The data stands a second time in src/template/suite.rs.
package main

import (
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"os"
	"strings"
	"text/template"
	"time"
)

type result struct {
	Template string `json:"template"`
	HTML     bool   `json:"html,omitempty"`
	Expect   string `json:"expect"`
	Error    string `json:"error,omitempty"`
}

var data = map[string]any{
	"Text":   "it's <b>\"bold\"</b> & more + é 世界",
	"Plain":  "abc",
	"Empty":  "",
	"Int":    42,
	"Minus":  -7,
	"Zero":   0,
	"Uint":   uint64(18446744073709551615),
	"Float":  1234567.891,
	"Small":  0.000012345,
	"Whole":  3.0,
	"Yes":    true,
	"No":     false,
	"Nil":    nil,
	"List":   []any{1, "a", nil, 2.5, true},
	"Texts":  []string{"x", "y", "z"},
	"None":   []any{},
	"Map":    map[string]any{"b": 2, "a": "one", "n": nil, "m": map[string]any{"k": "v"}},
	"Labels": map[string]string{"job": "node", "instance": "host:9100"},
	"Time":   time.Date(2024, 2, 29, 13, 4, 5, 67000000, time.UTC),
	"Dur":    90*time.Minute + 1500*time.Millisecond,
	"URL":    "https://example.org/a b?q=1&r=ü#f",
	"Evil":   "javascript:alert(1)",
	"Style":  "color: red; x: expression(1)",
	"Color":  "red",
}

func textCases() []string {
	var cases []string
	values := []string{".Text", ".Plain", ".Int", ".Minus", ".Zero", ".Uint", ".Float", ".Small", ".Whole", ".Yes", ".Nil", ".List", ".Texts", ".Map", ".Labels", ".Dur", ".Time", ".None"}
	verbs := []string{"%v", "%s", "%d", "%q", "%x", "%X", "%f", "%e", "%g", "%t", "%T", "%c", "%o", "%b", "%U", "%5v", "%-8v|", "%08v", "%+v", "%.2f", "%8.3f", "%-8.1e|", "%.3g", "%.1v", "%.2s", "%+d", "% d", "%#x", "%#o", "%#q", "%+q", "%6.2f%%", "%z", "%E", "%G", "%F", "%010d", "%+.3e", "%x", "% x", "%# x", "%O", "%.5d", "%8.5d", "%-8.5d|", "%#U", "%w"}
	for _, value := range values {
		cases = append(cases, fmt.Sprintf("{{%s}}", value), fmt.Sprintf("{{print %s}}", value), fmt.Sprintf("{{len %s}}", value), fmt.Sprintf("{{if %s}}yes{{else}}no{{end}}", value), fmt.Sprintf("{{html %s}}", value), fmt.Sprintf("{{js %s}}", value), fmt.Sprintf("{{urlquery %s}}", value), fmt.Sprintf("{{not %s}}", value), fmt.Sprintf("{{with %s}}{{.}}{{else}}none{{end}}", value), fmt.Sprintf("{{%s.Field}}", value), fmt.Sprintf("{{index %s 1}}", value), fmt.Sprintf("{{slice %s 1 2}}", value))
		if value != ".Uint" && value != ".Dur" { // Go would count up to them
			cases = append(cases, fmt.Sprintf("{{range %s}}<{{.}}>{{else}}none{{end}}", value))
		}
		for _, verb := range verbs {
			if (value == ".Float" || value == ".Small" || value == ".Whole" || value == ".List") && strings.ContainsAny(verb, "xXb") {
				continue // hexadecimal floats are absent
			}
			if value == ".Time" && (strings.ContainsAny(verb, "dfegtcobUOEGFz") || verb == "%w") {
				continue // the fields of a time are its own
			}
			if value == ".Time" && strings.Contains(verb, "w") {
				continue
			}
			cases = append(cases, fmt.Sprintf("{{printf %q %s}}", verb, value))
		}
		for _, other := range values {
			if value == ".Time" || other == ".Time" {
				continue
			}
			cases = append(cases, fmt.Sprintf("{{eq %s %s}}", value, other), fmt.Sprintf("{{lt %s %s}}", value, other), fmt.Sprintf("{{ge %s %s}}", value, other))
		}
	}
	for _, float := range []string{"0.0", "-0.0", "1.0", "100000.0", "999999.0", "1000000.0", "123456789.0", "1e20", "1e21", "1.5e300", "0.0001", "0.00001", "123.456", "0.1", "99999.95", "0.99995", "5e-324"} {
		for _, verb := range []string{"%v", "%g", "%.4g", "%.1g", "%.0f", "%.1f", "%f", "%e", "%.0e", "%G", "%#v", "%#g", "%8.2f|", "%-12v|", "%+v", "%012.3f", "% v", "%#.3g", "%#.0f"} {
			cases = append(cases, fmt.Sprintf("{{printf %q %s}}", verb, float))
		}
	}
	return append(cases,
		"plain", "", "{{/* comment */}}x", "a {{- /* c */ -}} b", "a {{- 1 -}} b", "a  \n {{- \"x\" -}} \n b", "{{1}} {{-1}} {{- 2}}",
		"{{1}}{{-3}}", "{{ 0x1F }} {{0b101}} {{0o17}} {{017}} {{1_000}} {{'a'}} {{'\\n'}} {{1.5e3}} {{.5}} {{1e3}} {{0x1p4}}",
		"{{\"a\\tb\\u00e9\\x41\\101\"}}{{`raw \\n`}}", "{{true}} {{false}}", "{{nil}}", "{{print nil}}", "{{print 1 2 \"a\" \"b\" 3 true}}", "{{println 1 \"a\"}}|",
		"{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "{{$x := 1}}{{if true}}{{$x = 5}}{{end}}{{$x}}", "{{if true}}{{$y := 1}}{{end}}{{$y}}", "{{$z}}", "{{$x := .Map}}{{$x.a}} {{$x.m.k}}", "{{$.Int}}",
		"{{range $i, $e := .List}}{{$i}}={{$e}},{{end}}", "{{range $k, $v := .Map}}{{$k}}={{$v}},{{end}}", "{{range $e := .Texts}}{{$e}}{{end}}", "{{range 3}}{{.}}{{end}}", "{{range $i := 3}}{{$i}}{{end}}", "{{range $i, $j := 3}}{{$i}}{{end}}",
		"{{range .List}}{{if eq . \"a\"}}{{continue}}{{end}}{{.}};{{end}}", "{{range .Texts}}{{if eq . \"y\"}}{{break}}{{end}}{{.}};{{end}}", "{{break}}", "{{continue}}", "{{range .Texts}}{{else}}{{break}}{{end}}",
		"{{$i := 0}}{{$e := 0}}{{range $i, $e = .Texts}}{{end}}{{$i}}{{$e}}", "{{range $i, $e, $x := .List}}{{end}}", "{{range $i, 3}}{{end}}",
		"{{if .No}}a{{else if .Yes}}b{{else}}c{{end}}", "{{if .No}}a{{else if .Zero}}b{{else}}c{{end}}", "{{with .Nil}}a{{else with .Int}}{{.}}{{else}}c{{end}}", "{{if and .Yes .Int}}a{{end}}", "{{with $x := .Int}}{{$x}}{{end}}",
		"{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Int}}{{template \"t\"}}", "{{template \"missing\"}}", "{{block \"b\" .Int}}[{{.}}]{{end}}", "{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}", "{{define \"r\"}}{{$.x}}{{end}}{{template \"r\" .Map}}",
		"{{define \"x\"}}{{.}}{{template \"y\" .}}{{end}}{{define \"y\"}}!{{end}}{{template \"x\" \"q\"}}",
		"{{and 1 0 2}} {{and 1 2}} {{or 0 \"\" 3}} {{or 0 \"\"}} {{and .Nil 1}}", "{{or .Yes .Missing.Field}}", "{{.Int | printf \"%d-%d\" 1}}", "{{1 | print 2 | print 3}}", "{{\"a\" | len}}", "{{(1)}}", "{{(.Map).a}}", "{{(index .Map \"m\").k}}", "{{.Map.m.k}}", "{{.Map.n}}", "{{.Map.n.x}}", "{{.Map.missing}}", "{{.Map.missing.x}}", "{{.Labels.job}} {{.Labels.missing}}|", "{{.Labels.job.x}}", "{{.Missing}}", "{{.Missing.x}}",
		"{{index .Map \"a\"}} {{index .Map \"q\"}} {{index .Labels \"q\"}}|{{index .List 0}} {{index .Map \"m\" \"k\"}}", "{{index .List 9}}", "{{index .List -1}}", "{{index .List \"a\"}}", "{{index .Map 1}}", "{{index .Nil 1}}", "{{index .Int 1}}", "{{index .Plain 0}}", "{{index .Map nil}}",
		"{{slice .Plain 1}} {{slice .Plain 1 2}} {{slice .Texts 1}} {{slice .List 0 2}} {{slice .Plain}}", "{{slice .Plain 2 1}}", "{{slice .Plain 9}}", "{{slice .Plain 0 1 2}}", "{{slice .Texts 0 1 2}}", "{{slice .Int 1}}", "{{slice .Texts 1 2 3 4}}",
		"{{eq 1 1.0}}", "{{eq 1 2 3 1}}", "{{eq \"a\" \"b\" \"a\"}}", "{{eq 1}}", "{{eq .Uint 1}} {{lt 1 .Uint}} {{gt .Minus .Uint}}", "{{ne 1 2}} {{le 1 1}} {{gt 2 1}} {{ge 1 2}}", "{{lt true false}}", "{{lt \"a\" \"b\"}} {{lt 1.5 2.5}}", "{{eq .Nil nil}}", "{{eq nil .Nil}}", "{{ne .Nil 1}}",
		"{{call .Int}}", "{{call nil}}", "{{call .Int 1 2}}", "{{.Int 1}}", "{{.Map.a 1}}", "{{1 | .Int}}", "{{1 2}}", "{{1 | 2}}", "{{nil | print}}", "{{\"a\" 1}}", "{{.Labels.job 1}}",
		"{{printf 5}}", "{{printf .Int}}", "{{printf nil}}", "{{printf \"%d\"}}", "{{printf \"%d %d\" 1}}", "{{printf \"%d\" 1 2}}", "{{printf \"%!\" 1}}", "{{printf \"%\" 1}}", "{{printf \"%[2]d %[1]d\" 1 2}}", "{{printf \"%[3]d\" 1}}", "{{printf \"%[x]d\" 1}}", "{{printf \"%*d|%-*d|\" 5 1 5 2}}", "{{printf \"%.*f\" 2 1.5}}", "{{printf \"%*d\" \"a\" 1}}", "{{printf \"%[1]*[2]d\" 4 7}}", "{{printf \"%.*f\" -1 1.5}}", "{{printf \"%%|%5%|\"}}", "{{printf \"%s %s\" .Texts .Plain}}", "{{printf \"no verbs\" 1 \"a\" nil}}", "{{printf \"%6.3v|%-6v|%06d|%+06d|% 06d\" .Plain .Plain 42 42 42}}", "{{printf \"%#v %#v %#v %#v %#v\" .Plain .Int .Texts .Map .Float}}", "{{printf \"%.3d|%8.3d|%08.3d\" 7 7 7}}", "{{printf \"%c%c\" 65 19990}}", "{{printf \"%q\" 65}}", "{{printf \"%U\" 19990}}", "{{printf \"%x %X\" \"hello\" \"hello\"}}", "{{printf \"%t\" 1}}", "{{printf \"%5t|%-7t|\" true false}}", "{{printf \"%[1]s %[1]q %[1]v\" .Plain}}", "{{printf \"%.f|%.0f\" 2.5 3.5}}", "{{printf \"%s\" 5}}", "{{printf \"%d\" .Texts}}", "{{printf \"%v %d\" .Dur .Dur}}",
		"{{.Dur.Hours}} {{.Dur.Minutes}} {{.Dur.Seconds}} {{.Dur.Milliseconds}} {{.Dur.String}}", "{{.Dur.Hours 1}}", "{{.Dur.Truncate 1000000000}} {{.Dur.Round 60000000000}}", "{{.Dur.Truncate \"1s\"}}", "{{.Dur.Missing}}", "{{(.Time.Add .Dur).Unix}}", "{{.Time.Add 5}}", "{{.Time.Add \"x\"}}",
		"{{.Time.Year}} {{.Time.Month}} {{.Time.Day}} {{.Time.Hour}} {{.Time.Minute}} {{.Time.Second}} {{.Time.Nanosecond}} {{.Time.Weekday}} {{.Time.YearDay}} {{.Time.Unix}} {{.Time.UnixMilli}} {{.Time.UnixNano}} {{.Time.IsZero}} {{.Time.UTC}} {{.Time.String}}", "{{.Time.AddDate 0 1 2}} {{.Time.AddDate 1 0 0}} {{.Time.AddDate -1 -3 0}} {{.Time.AddDate 0 0 400}}", "{{.Time.Before .Time}} {{.Time.Equal .Time}} {{.Time.After (.Time.Add -5)}} {{.Time.Sub (.Time.Add -5)}}", "{{.Time.Format}}", "{{.Time.Format 5}}",
		"{{.Time.Format \"Mon Jan _2 15:04:05 MST 2006\"}}|{{.Time.Format \"Monday, 02-Jan-06 15:04:05 MST\"}}|{{.Time.Format \"2006-01-02T15:04:05.999999999Z07:00\"}}|{{.Time.Format \"3:04PM 03:04pm\"}}|{{.Time.Format \"1/2/06 4:5 .000 .999 ,000000 002 __2 January\"}}|{{.Time.Format \"-0700 -07:00 -07 Z0700 Z07:00 -070000\"}}|{{.Time.Format \"Month Janet 20061 05.00\"}}",
		"{{", "{{ ", "{{}}", "{{ }}", "{{end}}", "{{else}}", "{{if}}{{end}}", "{{if .Int}}", "{{range}}{{end}}", "{{with}}{{end}}", "{{if .Int}}{{else}}{{else}}{{end}}", "{{template}}", "{{template 5}}", "{{template \"a\" 1 2}}", "{{define}}", "{{define \"x\"}}", "{{define x}}{{end}}", "{{block \"x\"}}{{end}}", "{{unknown 1}}", "{{.Int | unknown}}", "{{\"unterminated}}", "{{'ab'}}", "{{''}}", "{{`unterminated}}", "{{1.2.3}}", "{{1a}}", "{{0x}}", "{{1__0}}", "{{99999999999999999999}}", "{{9223372036854775808}}", "{{-9223372036854775808}}", "{{1e999}}", "{{(1}}", "{{1)}}", "{{()}}", "{{.}", "{{.Int}", "{{/* unclosed", "{{/* a */ x}}", "{{$}}x{{$x:=1}}{{$x}}", "{{$x : 1}}", "{{$x :=}}", "{{:= 1}}", "{{.Int := 1}}", "{{$a, $b := 1}}", "{{|}}", "{{1|}}", "{{|1}}", "{{.Int,}}", "{{.Int%}}", "{{.Int.}}", "{{..}}", "{{.Int .}}", "{{\"a\".b}}", "{{5.b}}", "{{true.b}}", "{{nil.b}}", "{{#}}", "{{@}}", "{{a:b}}", "a\nb\n{{\n.Missing.x\n|\nprintf 5}}", "line\n{{if .Int}}\n\n{{unknown}}", "x\n  {{index .List 99}}", "{{define \"d\"}}\n{{index .List 99}}{{end}}{{template \"d\" .}}", "{{if .Int}}{{define \"x\"}}{{end}}{{end}}", "{{.Map.a\n}}", "{{\n", "{{printf \"%s\"\n\n", "{{/*\n\n*/}}{{x}}", "{{ \"\\q\" }}", "{{break 1}}", "{{end 1}}", "{{else 1}}", "{{template \"a\" | print}}", "{{if .Int | print}}x{{end}}", "{{(print 1 2).x}}", "{{.Text | html | print}}", "{{print (print 1 (print 2)) | len}}", "{{len 3}}", "{{len}}", "{{len 1 2}}", "{{not}}", "{{index}}", "{{html}}|{{js}}|{{urlquery}}|{{print}}|{{println}}", "{{html 1 \"<\" 2}} {{js \"a'b\" 1}} {{urlquery \"a b\" \"&\"}}", "{{js \"<script>'\\\"\\\\\\n=&\"}}", "{{urlquery \"ü/?&= +~._-\"}}", "{{.Int}}{{.Missing}}{{index .List 0}}", "é{{.Zoë}}", "{{ü}}", "{{.Int | .Dur.Round}}", "{{and}}", "{{or}}", "{{true | and false}} {{1 | or 0}} {{0 | and 1}}")
}

func htmlCases() []string {
	var cases []string
	values := []string{".Text", ".Plain", ".Empty", ".Int", ".Float", ".Yes", ".Nil", ".URL", ".Evil", ".Color", ".Style", ".Texts", ".Labels", ".Missing"}
	places := []string{"%s", "<p>%s</p>", "<p title=\"%s\">", "<p title='%s'>", "<p title=%s>", "<p title=a%sb>", "<a href=\"%s\">", "<a href='%s'>", "<a href=%s>", "<a href=\"/x?q=%s\">", "<a href=\"/x/%s\">", "<a href=\"#%s\">", "<img src=\"%s\">", "<a data-href=\"%s\">", "<script>var x = %s;</script>", "<script>var x = \"%s\";</script>", "<script>var x = 'a%sb';</script>", "<script>f(%s)</script>", "<a onclick=\"f(%s)\">", "<a onclick=\"f('%s')\">", "<style>p { color: %s }</style>", "<style>p { content: \"%s\" }</style>", "<p style=\"color: %s\">", "<p style=\"content: '%s'\">", "<title>%s</title>", "<textarea>%s</textarea>", "<!-- %s -->x", "<p %s>", "<p %s=\"x\">", "<script>var r = /a%sb/;</script>", "a < b %s", "<b>%s</b><i>%s</i>", "<!DOCTYPE html><p>%s", "<input value=\"%s\" disabled>", "<p\n title = \"%s\" >", "<a href=\"{{if .Yes}}/a?{{else}}/b?{{end}}q=%s\">"}
	for _, place := range places {
		for _, value := range values {
			cases = append(cases, strings.ReplaceAll(place, "%s", "{{"+value+"}}"))
		}
	}
	return append(cases, "<p>{{range .Texts}}<b>{{.}}</b>{{end}}", "{{define \"x\"}}<i>{{.}}</i>{{end}}{{template \"x\" .Text}}<a title=\"{{template \"y\" .Text}}\">{{define \"y\"}}{{.}}{{end}}", "<a href=\"{{.URL}}\" title=\"{{.Text}}\">{{.Text}}</a>", "{{.Text | html}}", "{{.Text | printf \"%s\"}}", "<!-- a --><p>{{.Int}}<!-- b -->", "<td style=\"background: {{if .Yes}}#E6522C{{else}}#5cb85c{{end}}; padding: {{.Int}}px\">", "<a href=\"{{.URL}}&amp;x={{.Text}}\">", "<p>{{.Missing.x}}</p>", "{{index .List 99}}", "{{unknown}}",
		"<a onclick=\"f(&quot;{{.Text}}&quot;)\">", "<a onclick=\"f(&#39;{{.Text}}&#39;)\">", "<a onclick='f(&#x27;{{.Text}}&#x27;)'>", "<a onclick=\"a && f({{.Int}})\">", "<p style=\"content: &quot;{{.Text}}&quot;\">",
		"<script>var r = /[/]{{.Text}}/;</script>", "<script>var r = /[\\]/]{{.Plain}}/; var x = {{.Int}}</script>", "<script>var x = 4 / {{.Int}} / 2;</script>", "<script>var x = a[1] / {{.Int}};</script>")
}

func main() {
	var results []result
	for _, text := range textCases() {
		r := result{Template: text}
		parsed, err := template.New("t").Parse(text)
		var out strings.Builder
		if err == nil {
			err = parsed.Execute(&out, data)
		}
		r.Expect = out.String()
		if err != nil {
			r.Expect, r.Error = "", err.Error()
		}
		results = append(results, r)
	}
	for _, text := range htmlCases() {
		r := result{Template: text, HTML: true}
		parsed, err := htmltemplate.New("t").Parse(text)
		var out strings.Builder
		if err == nil {
			err = parsed.Execute(&out, data)
		}
		r.Expect = out.String()
		if err != nil {
			r.Expect, r.Error = "", err.Error()
		}
		results = append(results, r)
	}
	os.Stdout.WriteString("[\n")
	for i, r := range results {
		line, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(line)
		if i < len(results)-1 {
			os.Stdout.WriteString(",")
		}
		os.Stdout.WriteString("\n")
	}
	os.Stdout.WriteString("]\n")
}
