package attacks

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

// suite returns the texts of JSONTestSuite by name: y_ must be taken, n_ must not, i_
// is the parser's choice.
func suite(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("../../testdata/jsontestsuite/test_parsing.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for r := tar.NewReader(unpacked); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		texts[path.Base(entry.Name)] = string(b)
	}
}

// chosen is what we take of the texts that the suite leaves open, with the reason.
// Numbers are kept as text and never become floats, so none is too large to be carried;
// a claim that is read as a time or a size has bounds of its own.
var chosen = map[string]struct {
	taken bool
	why   string
}{
	"i_number_double_huge_neg_exp.json":   {true, "a number"},
	"i_number_huge_exp.json":              {true, "a number"},
	"i_number_neg_int_huge_exp.json":      {true, "a number"},
	"i_number_pos_double_huge_exp.json":   {true, "a number"},
	"i_number_real_neg_overflow.json":     {true, "a number"},
	"i_number_real_pos_overflow.json":     {true, "a number"},
	"i_number_real_underflow.json":        {true, "a number"},
	"i_number_too_big_neg_int.json":       {true, "a number"},
	"i_number_too_big_pos_int.json":       {true, "a number"},
	"i_number_very_big_negative_int.json": {true, "a number"},

	"i_object_key_lone_2nd_surrogate.json":                {false, "a lone surrogate has no UTF-8 form"},
	"i_string_1st_surrogate_but_2nd_missing.json":         {false, "a lone surrogate has no UTF-8 form"},
	"i_string_1st_valid_surrogate_2nd_invalid.json":       {false, "a lone surrogate has no UTF-8 form"},
	"i_string_incomplete_surrogate_and_escape_valid.json": {false, "a lone surrogate has no UTF-8 form"},
	"i_string_incomplete_surrogate_pair.json":             {false, "a lone surrogate has no UTF-8 form"},
	"i_string_incomplete_surrogates_escape_valid.json":    {false, "a lone surrogate has no UTF-8 form"},
	"i_string_invalid_lonely_surrogate.json":              {false, "a lone surrogate has no UTF-8 form"},
	"i_string_invalid_surrogate.json":                     {false, "a lone surrogate has no UTF-8 form"},
	"i_string_inverted_surrogates_U+1D11E.json":           {false, "a lone surrogate has no UTF-8 form"},
	"i_string_lone_second_surrogate.json":                 {false, "a lone surrogate has no UTF-8 form"},

	"i_string_UTF-8_invalid_sequence.json":         {false, "not UTF-8"},
	"i_string_UTF8_surrogate_U+D800.json":          {false, "not UTF-8"},
	"i_string_invalid_utf-8.json":                  {false, "not UTF-8"},
	"i_string_iso_latin_1.json":                    {false, "not UTF-8"},
	"i_string_lone_utf8_continuation_byte.json":    {false, "not UTF-8"},
	"i_string_not_in_unicode_range.json":           {false, "not UTF-8"},
	"i_string_overlong_sequence_2_bytes.json":      {false, "not UTF-8"},
	"i_string_overlong_sequence_6_bytes.json":      {false, "not UTF-8"},
	"i_string_overlong_sequence_6_bytes_null.json": {false, "not UTF-8"},
	"i_string_truncated-utf-8.json":                {false, "not UTF-8"},

	"i_string_UTF-16LE_with_BOM.json":         {false, "UTF-8 alone is read"},
	"i_string_utf16BE_no_BOM.json":            {false, "UTF-8 alone is read"},
	"i_string_utf16LE_no_BOM.json":            {false, "UTF-8 alone is read"},
	"i_structure_UTF-8_BOM_empty_object.json": {false, "no byte order mark is skipped"},
	"i_structure_500_nested_arrays.json":      {false, "deeper than 32"},
}

// stricter are texts that the suite would have taken: RFC 8259 only says that the names
// of an object should differ, and a credential whose readers may disagree is none.
var stricter = map[string]string{
	"y_object_duplicated_key.json":           "a name given twice",
	"y_object_duplicated_key_and_value.json": "a name given twice",
}

// TestN12JSONTestSuite: each text of the suite as the value of a claim of a token that
// is good otherwise.
func TestN12JSONTestSuite(t *testing.T) {
	texts := suite(t)
	h := start(t)
	if !h.configure(strings.Replace(inline(), `"issuer":`, `"max_token_bytes":1000000,"issuer":`, 1)) {
		t.Fatal(h.logs)
	}
	count, taken, id := map[byte]int{}, map[byte]int{}, uint32(1)
	for name, text := range texts {
		want := name[0] == 'y' && stricter[name] == ""
		if name[0] == 'i' {
			choice, ok := chosen[name]
			if !ok || choice.why == "" {
				t.Errorf("%s: no choice is written down", name)
			}
			want = choice.taken
		}
		id++
		before := len(h.answers)
		passed := h.request(id, bearer(payload(`{"iss":"https://idp.test","sub":"u","exp":`+strconv.Itoa(later)+`,"x":`+text+`}`))) == actionContinue
		h.call("proxy_on_delete", uint64(id))
		if passed != want {
			t.Errorf("%s: taken %v, want %v", name, passed, want)
		}
		if !passed && (len(h.answers) != before+1 || h.lastDetails() != "payload_malformed") {
			t.Errorf("%s: refused with %q", name, h.lastDetails())
		}
		count[name[0]]++
		if passed {
			taken[name[0]]++
		}
	}
	if count['y'] != 95 || count['n'] != 188 || count['i'] != 35 || len(chosen) != 35 {
		t.Errorf("y %d, n %d, i %d texts, %d choices", count['y'], count['n'], count['i'], len(chosen))
	}
	t.Logf("note: N-12 JSONTestSuite: %d of %d y taken (%d name a member twice), %d of %d n refused, %d of %d i taken, each written down",
		taken['y'], count['y'], len(stricter), count['n']-taken['n'], count['n'], taken['i'], count['i'])
}
