"""The player of a recording: picture with readings drawn over it, a lane a person, and what they show now.

`track` makes the data that the script in the browser plays along with, `messages` takes in what that script says,
`component` joins the two with the page, and `stage` decides which file is shown.
"""
