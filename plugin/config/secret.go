package config

import "strings"

// maxSecret bounds a secret: longer than any scheme's, and no key set or certificate.
const maxSecret = 4096

// secret reads a message that is a secret and nothing more: exactly one of
//
//	{"inline": "..."}         the text's bytes
//	{"inline_base64": "..."}  the decoded bytes
//	{"env": "NAME"}           a variable of the VM's environment, byte for byte
//
// It returns a copy, or nil if there is none or what is there has been reported. No
// message quotes any of it.
func (b *builder) secret(v value) []byte {
	o := v.object()
	s := b.secretOf(o)
	o.close()
	return s
}

// secretOf is secret for an object that has other members besides.
func (b *builder) secretOf(o *object) []byte {
	var bytes string
	o.private = true // {my-secret} in YAML is a key of that name
	name, v := o.onlyNeed("inline", "inline_base64", "env")
	switch name {
	case "inline":
		bytes = v.word()
	case "inline_base64":
		bytes = v.base64()
	case "env":
		bytes = b.environmentSecret(v)
	}
	switch {
	case bytes == "": // absent, or reported
		return nil
	case len(bytes) > maxSecret:
		v.fail("a secret has at most 4096 bytes")
		return nil
	case strings.Contains(bytes, "-----BEGIN"):
		// A public key as an HMAC secret lets anyone sign; a private one does not belong here.
		v.fail("holds a PEM block, which is no secret to compute with")
		return nil
	}
	return []byte(bytes)
}

const variableNotSet = "names an environment variable that is not set (see environment_variables in Envoy's vm_config)"

// environmentSecret looks a variable up. Not even its name is quoted: who mistakes this
// form for the one before it writes the secret there.
func (b *builder) environmentSecret(v value) string {
	variable := v.word()
	if variable == "" {
		return ""
	}
	s, ok := b.env(variable)
	switch {
	case !ok:
		v.fail(variableNotSet)
	case s == "":
		v.fail("names an environment variable that is empty")
	case strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "\r"):
		v.warn("the variable's value ends in a line break, which is taken as part of the secret")
	}
	return s
}
