"""How a message leaves: channels, the order in which they are tried, and when one is closed.

The outcomes of an attempt are a closed type in `model.delivery`; each adapter maps every error of its
library to one of them, so that nothing above ever asks "was it an exception?".
"""
