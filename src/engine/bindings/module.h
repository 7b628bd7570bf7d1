#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "error.h"
#include "rational.h"

// EngineError → the class of the same name in videngine.errors, with all that it carries.
pybind11::object exception(const videngine::EngineError& error);
void bind_plan(pybind11::module_& module);
void bind_image_plans(pybind11::module_& module);
void bind_facts(pybind11::module_& module);
void bind_frames(pybind11::module_& module);
void bind_session(pybind11::module_& module);

namespace pybind11::detail {

// videngine::Rational ↔ fractions.Fraction (and int, which has numerator and denominator too).
template <>
struct type_caster<videngine::Rational> {
  PYBIND11_TYPE_CASTER(videngine::Rational, const_name("fractions.Fraction"));

  bool load(handle source, bool /*convert*/) {
    if (!hasattr(source, "numerator") || !hasattr(source, "denominator")) return false;
    value = videngine::Rational::of(source.attr("numerator").cast<int64_t>(),
                                    source.attr("denominator").cast<int64_t>());
    return true;
  }
  static handle cast(const videngine::Rational& value, return_value_policy /*policy*/,
                     handle /*parent*/) {
    return module_::import("fractions").attr("Fraction")(value.num, value.den).release();
  }
};

}  // namespace pybind11::detail
